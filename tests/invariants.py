"""What must hold after every run, whatever went wrong in it; checked by the same code everywhere.

It takes no word of the code under test: queues tell what they accepted, the site tells what reached the fans.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl

CAPACITY = 10
WINDOW_SECONDS = 60.0


def check(pipeline: Pipeline, site: SiteControl, sent: Sequence[SentJob]) -> None:
    """Check all invariants; each failure names the jobs."""
    forwarded = pipeline.journal(pipeline.run.workflows_queue_url)
    assert_nothing_lost(pipeline, sent, forwarded)
    assert_nothing_twice(site)
    assert_in_order(forwarded, site)
    assert worst_window([it["sent"] for it in forwarded]) <= CAPACITY


def assert_nothing_lost(pipeline: Pipeline, sent: Sequence[SentJob], forwarded: Sequence[dict[str, Any]]) -> None:
    """Every job was forwarded, once, and has a result."""
    counts = Counter(it["deduplication_id"] for it in forwarded)
    assert {job.job_id for job in sent} == set(counts), "jobs were lost before the workflows queue"
    assert max(counts.values(), default=0) <= 1, f"forwarded more than once: {counts.most_common(3)}"
    missing = [job.job_id for job in sent if pipeline.find_result(job) is None]
    assert not missing, f"no result for {missing}"


def assert_nothing_twice(site: SiteControl) -> None:
    """No fan got the same message twice; the tests' messages differ from each other."""
    counts = Counter((it["account"], it["fan"], it["text"]) for it in site.messages())
    assert max(counts.values(), default=0) <= 1, f"sent more than once: {counts.most_common(3)}"


def assert_in_order(forwarded: Iterable[dict[str, Any]], site: SiteControl) -> None:
    """Within each account, messages reached the site in the order in which the workflows queue took them."""
    queued: defaultdict[str, list[str | None]] = defaultdict(list)
    for message in forwarded:
        queued[message["group_id"]].append(json.loads(message["body"]).get("message_content"))
    for account, reached in _by_account(site).items():
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
