"""The incident's jobs, sent again: in which order, and each as its queue had it."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from emulator.harness.pipeline import Pipeline, SentJob
from emulator.incidents.answers import Rule
from emulator.incidents.stage import at_site
from huntaze_scraper.operations.incident.bundle import Line
from huntaze_scraper.operations.incident.bundle import SentJob as RecordedJob
from huntaze_scraper.operations.incident.reading import body_text, job_of

CLOSE_SECONDS = 2.0
"""Messages that were sent within so long came to the limiter by chance: a standard queue keeps no order."""


def in_order(jobs: Iterable[RecordedJob], lines: Sequence[Line]) -> list[RecordedJob]:
    """Return the jobs of the ingress queue by their moments, where chance had its way in the order of the recording.

    Of an account's messages that were sent close together the one that was forwarded first goes first.
    """
    forwarded: dict[object, float] = {}
    for line in lines:
        if line.fields.get("forwarding") == "forwarded":
            forwarded.setdefault(line.fields.get("job_id"), line.at_seconds)
    by_account = defaultdict[str, list[RecordedJob]](list)
    for job in sorted((it for it in jobs if it.queue == "ingress"), key=lambda it: it.at_seconds):
        by_account[job.account].append(job)
    found = []
    for close in (it for each in by_account.values() for it in _close(each)):
        went = sorted(close, key=lambda it: forwarded.get(it.job_id, float("inf")))
        found += [replace(job, at_seconds=it.at_seconds) for job, it in zip(went, close, strict=True)]
    return sorted(found, key=lambda it: it.at_seconds)


def alike(jobs: Iterable[RecordedJob], rules: Iterable[Rule]) -> list[frozenset[str]]:
    """Return groups of jobs among which nothing but chance chose: the same was asked, close together.

    And no rule of the site is for one of their accounts, so that whatever befell them could have befallen the other.
    """
    answered = {it["match"].get("account") for it in rules}
    by_action = defaultdict[str, list[RecordedJob]](list)
    for job in sorted((it for it in jobs if it.queue == "ingress"), key=lambda it: it.at_seconds):
        if job.account not in answered:
            by_action[job.action].append(job)
    return [frozenset(it.job_id for it in close) for each in by_action.values() for close in _close(each)]


def send(recorded: RecordedJob, pipeline: Pipeline) -> SentJob:
    """Send a job as it was sent then, its addresses at this site."""
    run = pipeline.run
    text = body_text(at_site(recorded.body, run.site_url))
    attributes: Any = {
        name: {"DataType": "String", "StringValue": it} for name, it in recorded.attributes.items() if it
    }
    answer = run.clients.sqs.send_message(
        QueueUrl=run.ingress_queue_url, MessageBody=text, MessageAttributes=attributes
    )
    job = job_of(text)
    return SentJob(job.job_id if job else "", answer["MessageId"], recorded.account, job.payload if job else {})


def await_forwarded(job: SentJob, pipeline: Pipeline) -> None:
    """Wait until the limiter has forwarded a job, or does not mean to for a while."""
    deadline = time.monotonic() + CLOSE_SECONDS
    while time.monotonic() < deadline:
        if any(it["deduplication_id"] == job.job_id for it in pipeline.journal(pipeline.run.workflows_queue_url)):
            return
        time.sleep(0.02)


def _close(jobs: Iterable[RecordedJob]) -> Iterator[list[RecordedJob]]:
    """Yield stretches of jobs that were all sent close together."""
    stretch: list[RecordedJob] = []
    for job in jobs:
        if stretch and job.at_seconds - stretch[0].at_seconds > CLOSE_SECONDS:
            yield stretch
            stretch = []
        stretch.append(job)
    if stretch:
        yield stretch
