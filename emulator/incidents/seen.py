"""What came of the jobs of a replay, told as a recording tells it."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.harness.pipeline import Pipeline, SentJob
from huntaze_scraper.operations.incident.bundle import AlarmChange, Ending, Expected
from huntaze_scraper.operations.incident.reading import job_of
from huntaze_scraper.state.job_entry import JobEntry, State
from huntaze_scraper.state.keys import Kind

_FINAL = frozenset({State.DONE, State.REJECTED, State.DEAD, State.UNCERTAIN})


def outcome(pipeline: Pipeline, sent: Mapping[str, SentJob], began: float) -> Expected:
    """Return how the jobs, which a recording calls by these ids, ended, in which order, and which alarms changed.

    Moments are seconds from ``began`` (seconds since the epoch).
    """
    endings = endings_of(pipeline, sent, began)
    order = defaultdict[str, list[tuple[float, str]]](list)
    for it in endings:
        if it.at_seconds is not None:
            order[it.account].append((it.at_seconds, it.job_id))
    return Expected(
        jobs=endings,
        order={account: tuple(job_id for _, job_id in sorted(ended)) for account, ended in order.items()},
        alarms=tuple(_alarm_changes(pipeline, began)),
    )


def endings_of(pipeline: Pipeline, sent: Mapping[str, SentJob], began: float) -> tuple[Ending, ...]:
    """Return how each job ended."""
    run = pipeline.run
    buried = _moments(pipeline, run.workflows_dlq_url)
    set_aside = _moments(pipeline, run.ingress_dlq_url)
    return tuple(
        _ending(job_id, job, pipeline.state.get(Kind.JOB.key(job.job_id)), buried, set_aside, began)
        for job_id, job in sent.items()
    )


def _ending(
    job_id: str,
    job: SentJob,
    item: Mapping[str, Any],
    buried: Mapping[str, float],
    set_aside: Mapping[str, float],
    began: float,
) -> Ending:
    entry = JobEntry.read(item)
    end, at = "open", None
    if entry.state in _FINAL:
        end, at = str(entry.state), item.get("ended_at")
    elif job.job_id in buried or job.job_id in set_aside:
        end, at = ("dead", buried[job.job_id]) if job.job_id in buried else ("set_aside", set_aside[job.job_id])
    return Ending(
        job_id=job_id,
        account=job.account,
        end=end,  # type: ignore[arg-type] # one of its words
        at_seconds=None if at is None else float(at) - began,
        attempts=entry.attempts,
        failures=entry.failures,
        rate_limits=entry.rate_limits,
    )


def _moments(pipeline: Pipeline, queue_url: str) -> dict[str, float]:
    """Return when which job came to a dead-letter queue, by its body's job."""
    return {job.job_id: float(it["sent"]) for it in pipeline.journal(queue_url) if (job := job_of(it["body"]))}


def _alarm_changes(pipeline: Pipeline, began: float) -> Iterator[AlarmChange]:
    pages = pipeline.clients.cloudwatch.get_paginator("describe_alarm_history").paginate(
        HistoryItemType="StateUpdate", StartDate=datetime.fromtimestamp(began, UTC), ScanBy="TimestampAscending"
    )
    for each in (item for page in pages for item in page["AlarmHistoryItems"]):
        at = each["Timestamp"].timestamp() - began
        told = json.loads(each["HistoryData"])
        before, after = (told[name]["stateValue"] for name in ("oldState", "newState"))
        if at >= 0:
            yield AlarmChange(at_seconds=at, alarm=each["AlarmName"], before=before, after=after)
