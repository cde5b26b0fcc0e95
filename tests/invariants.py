"""What must hold after every run, whatever went wrong in it; checked by the same code everywhere.

It takes no word of the code under test alone: queues tell what they accepted, the site tells what reached the fans.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from huntaze_scraper import jobs
from tests.patience import until

CAPACITY = 10
WINDOW_SECONDS = 60.0


def check_all_succeeded(pipeline: Pipeline, site: SiteControl, sent: Sequence[SentJob]) -> None:
    """Check all invariants, and that no job came to another end than success."""
    statuses = check(pipeline, site, sent)
    assert set(statuses.values()) == {"succeeded"}, statuses


def check(pipeline: Pipeline, site: SiteControl, sent: Sequence[SentJob]) -> dict[str, str]:
    """Check all invariants, and return how each job ended, by its id."""
    forwarded = pipeline.journal(pipeline.run.workflows_queue_url)
    assert_forwarded_once(pipeline, sent, forwarded)
    statuses = find_ends(pipeline, sent)
    assert_only_successes_reached_fans(site, sent, statuses)
    assert_only_dead_are_buried(pipeline, statuses)
    assert_in_order(forwarded, site)
    assert worst_window([it["sent"] for it in forwarded]) <= CAPACITY
    return statuses


def assert_forwarded_once(pipeline: Pipeline, sent: Sequence[SentJob], forwarded: Sequence[dict[str, Any]]) -> None:
    """Every job went to the workflows queue, once, and none was set aside before it."""
    counts = Counter(it["deduplication_id"] for it in forwarded)
    assert {job.job_id for job in sent} == set(counts), "jobs were lost before the workflows queue"
    assert max(counts.values(), default=0) <= 1, f"forwarded more than once: {counts.most_common(3)}"
    assert pipeline.journal(pipeline.run.ingress_dlq_url) == []


def assert_all_forwarded(pipeline: Pipeline, sent: Sequence[SentJob]) -> None:
    """Every job went to the workflows queue, however often, and nothing else did."""
    forwarded = {it["deduplication_id"] for it in pipeline.journal(pipeline.run.workflows_queue_url)}
    assert {job.job_id for job in sent} == forwarded, "jobs were lost before the workflows queue, or come from nowhere"


def assert_reached_as_told(site: SiteControl, sent: Sequence[SentJob], statuses: Mapping[str, str]) -> None:
    """No fan got a message twice; each that is told as sent was, and none that is told as not sent.

    Whether one was sent that is told as uncertain, nobody knows (docs/scraper.md).
    """
    reached = Counter((it["account"], it["fan"], it["text"]) for it in site.messages())
    assert max(reached.values(), default=0) <= 1, f"sent more than once: {reached.most_common(3)}"
    for job in sent:
        if job.payload["action"] == "send_message" and statuses[job.job_id] != "uncertain":
            is_there = (job.account, job.payload["user_id"], job.payload["message_content"]) in reached
            assert is_there == (statuses[job.job_id] == "succeeded"), (
                f"told as {statuses[job.job_id]}, reached: {is_there}"
            )


def find_ends(pipeline: Pipeline, sent: Sequence[SentJob]) -> dict[str, str]:
    """Return the status that each job's result tells; every job has a result."""
    results = {job.job_id: pipeline.find_result(job) for job in sent}
    missing = [job_id for job_id, result in results.items() if result is None]
    assert not missing, f"no result for {missing}"
    return {job_id: str(result["status"]) for job_id, result in results.items() if result is not None}


def assert_only_successes_reached_fans(site: SiteControl, sent: Sequence[SentJob], statuses: Mapping[str, str]) -> None:
    """Fans got the messages whose jobs succeeded, each once, and no other; the tests' messages differ from each other."""
    reached = Counter((it["account"], it["fan"], it["text"]) for it in site.messages())
    assert max(reached.values(), default=0) <= 1, f"sent more than once: {reached.most_common(3)}"
    succeeded = {
        (job.account, job.payload["user_id"], job.payload["message_content"])
        for job in sent
        if job.payload["action"] == "send_message" and statuses[job.job_id] == "succeeded"
    }
    assert set(reached) == succeeded


def assert_only_dead_are_buried(pipeline: Pipeline, statuses: Mapping[str, str]) -> None:
    """The workflows DLQ got the jobs whose results say dead, soon after these were written, and no other."""
    dead = {job_id for job_id, status in statuses.items() if status == "dead"}
    until(lambda: buried(pipeline) >= dead, what=f"burying {dead}")
    assert buried(pipeline) == dead


def buried(pipeline: Pipeline) -> set[str]:
    """Return the ids of the jobs that the workflows DLQ got."""
    return {jobs.parse(it["body"]).job_id for it in pipeline.journal(pipeline.run.workflows_dlq_url)}


def assert_in_order(forwarded: Iterable[dict[str, Any]], site: SiteControl) -> None:
    """Within each account, messages reached the site in the order in which the workflows queue took them."""
    queued: defaultdict[str, list[str | None]] = defaultdict(list)
    for message in forwarded:
        queued[message["group_id"]].append(json.loads(message["body"]).get("message_content"))
    for account, reached in _by_account(site).items():
        assert set(reached) <= set(queued[account]), f"{account} wrote what was not for it"
        places = [queued[account].index(text) for text in reached]
        assert places == sorted(places), f"out of order for {account}: {places}"


def worst_window(moments: Iterable[float]) -> int:
    """Return the most moments that any 60 seconds hold, wherever they begin."""
    ordered, worst, start = sorted(moments), 0, 0
    for at, moment in enumerate(ordered):
        while moment - ordered[start] >= WINDOW_SECONDS:
            start += 1
        worst = max(worst, at - start + 1)
    return worst


def _by_account(site: SiteControl) -> dict[str, list[str]]:
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for message in site.messages():
        texts[message["account"]].append(message["text"])
    return dict(texts)
