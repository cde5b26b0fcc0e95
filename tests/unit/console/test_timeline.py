"""A timeline is one file that tells each job's way, and nothing in it can run."""

import json
from typing import Any

from emulator.drawing import timeline
from emulator.drawing.way import Kind

HOSTILE = "<script>alert(1)</script>"


def letter(number: int, *, sent: float, text: str = "Hi", account: str = "creator-01") -> dict[str, Any]:
    """Return a message as the journal has it."""
    body = {
        "action": "send_message",
        "creator_id": account,
        "user_id": "fan-001",
        "message_content": f"{text} {number}",
        "timestamp": "2026-01-01T00:00:00Z",
    }
    return {"body": json.dumps(body), "sent": sent, "first_received": sent + 1, "deduplication_id": None}


def test_each_job_has_its_way_in_the_order_of_sending() -> None:
    """What was forwarded is known by its deduplication id, what ended by the ledger."""
    sent = [letter(number, sent=100.0 + number) for number in range(3)]
    first = timeline.gather(sent, [], {}, [], 200.0)
    forwarded = [{**sent[0], "sent": 110.0, "first_received": 112.0, "deduplication_id": first[0].job_id}]
    items = {first[0].job_id: {"state": "done", "ended_at": 120.0}}

    found = timeline.gather(sent, forwarded, items, [], 200.0)

    assert [it.state for it in found] == ["done", "waiting for its turn", "waiting for its turn"]
    assert [it.kind for it in found[0].way.spans] == [Kind.TURN, Kind.QUEUE, Kind.WORK]
    assert found[0].way.seconds == 20.0


def test_what_is_no_job_is_left_out() -> None:
    """A producer may send anything."""
    assert timeline.gather([{"body": "nonsense", "sent": 1.0}], [], {}, [], 2.0) == []


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    """No address outside it; what a job or a site says stays text."""
    sent = [letter(1, sent=100.0, account=HOSTILE)]
    job_id = timeline.gather(sent, [], {}, [], 200.0)[0].job_id
    lines = [{"at": 101.0, "job_id": job_id, "event": "site_error", "duration_ms": 5, "reason": HOSTILE}]

    page = timeline.page(HOSTILE, timeline.gather(sent, [], {}, lines, 200.0))

    assert HOSTILE not in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert "site_error" in page


def test_more_than_anybody_reads_is_counted() -> None:
    """The file stays small enough to open."""
    found = timeline.gather(
        [letter(number, sent=1.0 * number) for number in range(timeline.MOST + 5)], [], {}, [], 999.0
    )

    assert "5 are not shown" in timeline.page("many", found)
