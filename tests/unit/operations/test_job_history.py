"""A job's history, from where its parts lie."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from huntaze_scraper.operations import job_history
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.state.keys import Kind
from tests.unit.operations.conftest import Pipeline

JOB = "ab" * 32
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def say(pipeline: Pipeline, group: str, *lines: dict[str, Any] | str) -> None:
    now = int(time.time() * 1000)
    events: Any = [
        {"timestamp": now + place, "message": line if isinstance(line, str) else json.dumps(line)}
        for place, line in enumerate(lines)
    ]
    pipeline.target.clients.logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


def test_all_parts_are_told_in_order_of_time(pipeline: Pipeline) -> None:
    """Place, ledger, lines of both programs, result; lines of other jobs and of Lambda itself are left out."""
    say(pipeline, "/aws/lambda/limiter", "START RequestId", {"job_id": JOB, "message": "rate limit decision"})
    say(pipeline, "/scraper", {"job_id": "other", "event": "job_ended"}, "no JSON", "[]")
    say(pipeline, "/scraper", {"job_id": JOB, "event": "job_ended"})
    pipeline.put(Kind.SLOT.key(JOB), account="creator-01", number=1, slot_at=1_000, forwarded_at=2_000)
    pipeline.put(
        Kind.JOB.key(JOB), account="creator-01", state="done", failures=0, lease="secret", result_key="results/r.json"
    )
    pipeline.target.clients.s3.put_object(Bucket="results", Key="results/r.json", Body=b'{"status": "succeeded"}')

    history = job_history.find(pipeline.target, JOB[:7], LONG_AGO)

    assert history.job_id == JOB
    assert history.where == "scraper: done"
    assert [(it.source, it.line.get("event")) for it in history.events] == [("limiter", None), ("scraper", "job_ended")]
    assert history.reservation["forwarded_at"] == "1970-01-01T00:00:02+00:00"
    assert history.ledger == {"account": "creator-01", "state": "done", "failures": 0, "result_key": "results/r.json"}
    assert history.result == {"status": "succeeded"}


@pytest.mark.parametrize(
    ("items", "where"),
    [
        ({"slot": {"account": "a", "slot_at": 1}}, "waiting for its turn on the ingress queue"),
        ({"slot": {"account": "a", "slot_at": 1, "forwarded_at": 2}}, "on the workflows queue"),
        ({"job": {"account": "a", "state": "dead"}}, "in the workflows DLQ, or replayed from it and on its way"),
    ],
)
def test_where_the_job_is(pipeline: Pipeline, items: dict[str, dict[str, str | int]], where: str) -> None:
    """In a few words; a result that is not there yet is none."""
    for prefix, item in items.items():
        pipeline.put(f"{prefix}#{JOB}", **item)

    history = job_history.find(pipeline.target, JOB, LONG_AGO)

    assert history.where == where
    assert history.result is None


@pytest.mark.parametrize(
    ("beginning", "complaint"),
    [("ab", "2 jobs begin"), ("cd", "no job is known"), ("xyz", "hexadecimal"), ("cd" * 32, "nothing is known")],
)
def test_an_id_that_means_no_job_or_several_is_refused(pipeline: Pipeline, beginning: str, complaint: str) -> None:
    """In one line."""
    pipeline.put(Kind.JOB.key(JOB), state="done")
    pipeline.put(Kind.SLOT.key("abc" * 21 + "d"), account="a")

    with pytest.raises(TellOperator, match=complaint):
        job_history.find(pipeline.target, beginning, LONG_AGO)
