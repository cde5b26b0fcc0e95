"""Which jobs a task was at when something befell it, so that it befalls a replay in the midst of the same work."""

import time
from collections.abc import Iterable, Mapping

from emulator.harness.pipeline import Pipeline, SentJob
from huntaze_scraper.operations.incident.bundle import Line
from huntaze_scraper.state.job_entry import JobEntry, State
from huntaze_scraper.state.keys import Kind

LATE_SECONDS = 5.0
"""How much later than then it is waited for: this machine may be the slower one."""


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


def await_work(jobs: Iterable[str], sent: Mapping[str, SentJob], pipeline: Pipeline, seconds: float) -> None:
    """Wait until all of these jobs, by the recording's ids, are at work here, for not much longer than so many seconds."""
    deadline = time.monotonic() + max(seconds, 0.0) + LATE_SECONDS
    left = [sent[it] for it in jobs if it in sent]
    while left and time.monotonic() < deadline:
        left = [it for it in left if JobEntry.read(pipeline.state.get(Kind.JOB.key(it.job_id))).state in _NOT_BEGUN]
        time.sleep(0.02)


_NOT_BEGUN = (None, State.WAITING)
