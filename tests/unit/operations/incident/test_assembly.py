"""What stood in the state table when an incident began, and what came to stand there in it."""

import pytest

from huntaze_scraper.operations.incident.assembly import assemble
from huntaze_scraper.operations.incident.raw import Raw, RawItem, RawLine

ACCOUNT, T0 = "zoe", 1_800_000_000.0


@pytest.mark.parametrize(
    ("said", "as_of"),
    [
        ({"event": "job_ended", "status": "succeeded"}, "t0"),
        ({"event": "job_ended", "status": "rate_limited", "comes_back_seconds": 59.0}, "capture"),
        ({"event": "account_paused", "seconds": 3600}, "capture"),
        ({"event": "account_rests", "seconds": 60}, "capture"),
    ],
)
def test_an_account_rested_at_the_beginning_unless_a_line_says_that_it_came_to(
    said: dict[str, object], as_of: str
) -> None:
    """A 429 of the incident itself lets the account rest, too: a replay that began with it would begin with its end."""
    common = {"job_id": "ab" * 32, "creator_id": ACCOUNT, "action": "send_message"}
    lines = [
        RawLine(at=T0 + 2, source="limiter", fields=common | {"forwarding": "forwarded", "sent_at": T0 * 1000 + 2000}),
        RawLine(at=T0 + 5, source="scraper", fields=common | said),
    ]
    pause = RawItem(table="state", key=f"pause#{ACCOUNT}", item={"until": T0 + 64, "reason": "it is"})
    raw = Raw(asked={}, begin=T0, end=T0 + 90, captured_at=T0 + 90, lines=lines, items=[pause])

    (item,) = assemble(raw, "rests").state

    assert item.as_of == as_of
