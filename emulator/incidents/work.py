"""Which jobs a task was at when something befell it, so that it befalls a replay in the midst of the same work."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from emulator.harness.pipeline import Pipeline, SentJob
from huntaze_scraper.operations.incident.bundle import Line
from huntaze_scraper.operations.incident.bundle import SentJob as RecordedJob
from huntaze_scraper.state.job_entry import JobEntry, State
from huntaze_scraper.state.keys import Kind

LATE_SECONDS = 5.0
"""How much later than then it is waited for: this machine may be the slower one."""

HELD_SECONDS = 5.0
"""A job that was sent so shortly before a death, and not begun by then, was on its way: how fast that is, is chance."""
_JUST_AFTER_SECONDS = 0.001


def at_work(lines: Iterable[Line], at_seconds: float) -> frozenset[str]:
    """Return the jobs that the lines tell to have been begun by that moment, and not ended."""
    found = set[str]()
    for line in lines:
        job_id, event = line.fields.get("job_id"), line.fields.get("event")
        if line.at_seconds <= at_seconds and isinstance(job_id, str):
            if event == "attempt_begins":
                found.add(job_id)
            elif event == "job_ended":
                found.discard(job_id)
    return frozenset(found)


def done(lines: Iterable[Line], at_seconds: float) -> frozenset[str]:
    """Return the jobs that the lines tell to have ended for good by that moment."""
    return frozenset(
        str(it.fields.get("job_id"))
        for it in lines
        if it.at_seconds <= at_seconds
        and it.fields.get("event") == "job_ended"
        and it.fields.get("comes_back_seconds") is None
    )


def held_back(jobs: Iterable[RecordedJob], deaths: Iterable[float], lines: Sequence[Line]) -> list[RecordedJob]:
    """Return the jobs so that none is begun before a task's death that was not begun before it in the recording.

    A limiter that was started then and is warm here brings a job to a task sooner.
    """
    begun: dict[object, float] = {}
    for line in lines:
        if line.fields.get("event") == "attempt_begins":
            begun.setdefault(line.fields.get("job_id"), line.at_seconds)
    found = list(jobs)
    for death in sorted(deaths):
        found = [
            replace(it, at_seconds=death + _JUST_AFTER_SECONDS)
            if death - HELD_SECONDS <= it.at_seconds <= death < begun.get(it.job_id, float("inf"))
            else it
            for it in found
        ]
    return sorted(found, key=lambda it: it.at_seconds)


def await_work(
    begun: Iterable[str], ended: Iterable[str], sent: Mapping[str, SentJob], pipeline: Pipeline, seconds: float
) -> None:
    """Wait until all of these jobs, by the recording's ids, are begun or have ended here, as they had then.

    Not for much longer than so many seconds.
    """
    deadline = time.monotonic() + max(seconds, 0.0) + LATE_SECONDS
    not_yet = dict.fromkeys(ended, _NOT_ENDED) | dict.fromkeys(begun, _NOT_BEGUN)
    left = {sent[it].job_id: states for it, states in not_yet.items() if it in sent}
    while left and time.monotonic() < deadline:
        left = {
            job_id: states
            for job_id, states in left.items()
            if JobEntry.read(pipeline.state.get(Kind.JOB.key(job_id))).state in states
        }
        time.sleep(0.02)


_NOT_BEGUN: tuple[State | None, ...] = (None, State.WAITING)
_NOT_ENDED = (*_NOT_BEGUN, State.RUNNING)
