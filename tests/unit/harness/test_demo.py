"""What the demo shows fits on a screen of 80 columns."""

import io
from typing import Any

import pytest
from rich.console import Console

from emulator.cli import demo, demo_results
from emulator.harness.pipeline import SentJob

RESULTS: list[tuple[dict[str, Any] | None, str]] = [
    (
        {
            "status": "succeeded",
            "action": "scrape_profile",
            "data": {"name": "Ana", "counts": {"posts": 12, "likes": 1_204_003, "fans": 34_000, "media": 0}},
        },
        "Ana: 12 posts, 1,204,003 likes, 34,000 fans, 0 media",
    ),
    (
        {
            "status": "succeeded",
            "action": "scrape_profile",
            "data": {"name": "Ana", "counts": {"posts": 12, "likes": None}},
        },
        "Ana: 12 posts",
    ),
    (
        {
            "status": "succeeded",
            "action": "send_message",
            "data": {"message_id": "m-7", "fan": "fan-001", "sent_at": "2026-01-31T12:00:00.123456Z"},
        },
        "message m-7 to fan-001, sent at 2026-01-31T12:00:00",
    ),
    ({"status": "rejected", "error": {"reason": "there is no such fan"}}, "rejected: there is no such fan"),
    (None, "no result"),
]


@pytest.mark.parametrize(("result", "words"), RESULTS, ids=["profile", "less of it", "message", "failure", "none"])
def test_a_result_is_told_in_words(result: dict[str, Any] | None, words: str) -> None:
    """A profile's name and counts, a message's id and time, a failure's reason."""
    assert demo_results.words(result) == words


@pytest.mark.parametrize("status", ["succeeded", "rejected", "uncertain", ""])
def test_the_table_shows_its_columns_whole_on_80(status: str) -> None:
    """Nothing is cut, nothing wraps, wherever the jobs are."""
    sent = [
        SentJob(str(number) * 64, "m", it.payload["creator_id"], it.payload)
        for number, it in enumerate(demo.demo_jobs("http://site"))
    ]
    screen = io.StringIO()
    table = demo._table(
        sent, dict.fromkeys((it.job_id for it in sent), "done"), {it.job_id: {"status": status} for it in sent}
    )
    Console(file=screen, width=80).print(table)
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split() for line in lines[1:2]] == [
        ["job", "creator", "action", "ingress", "workflows", "scraper", "result"]
    ]
    for job in sent:
        (row,) = (line.split() for line in lines if line.split()[:1] == [job.job_id[:8]])
        assert [row[1], row[2], *row[6:]] == [job.account, job.payload["action"], *([status] if status else [])]
