"""Messages come more than once, and clocks disagree: each job is done once, and the rate holds."""

from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.harness.faults import Faults
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from huntaze_scraper.settings import RateLimiterSettings
from tests import invariants
from tests.faults.workload import send_workload
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
MOMENTS = 4
MOST_SKEW_SECONDS = RateLimiterSettings.rate_limit_clock_skew_seconds
"""As it ships."""
PATIENCE_SECONDS = 200


@pytest.mark.requirement("2.2")
def test_copies_of_a_message_reach_the_fan_once(pipeline: Pipeline, site: SiteControl, faults: Faults) -> None:
    """The same body sent several times, by a producer that was not sure, is done once."""
    payload = {
        "action": "send_message",
        "creator_id": "creator-02",
        "user_id": "fan-003",
        "message_content": "Only once, please",
        "timestamp": datetime.now(UTC).isoformat(),
    }
    sent = [pipeline.send(payload) for _ in range(faults.random.randint(2, 5))]

    pipeline.await_results(sent[:1], PATIENCE_SECONDS)
    assert len({job.job_id for job in sent}) == 1
    invariants.check_all_succeeded(pipeline, site, sent)


@pytest.mark.requirement("1.4", "2.2")
def test_what_queues_deliver_twice_is_done_once(pipeline: Pipeline, site: SiteControl, faults: Faults) -> None:
    """Both queues give out what is in flight once more, while limiter and scraper still work on it."""
    queues = (pipeline.run.ingress_queue_url, pipeline.run.workflows_queue_url)
    sent = send_workload(pipeline)

    for url in queues:
        until(lambda url=url: faults.redeliver(url), what=f"work in flight on {url}")
    for _ in range(MOMENTS):
        faults.await_moment(0.1, 1.5)
        for url in queues:
            faults.redeliver(url)

    pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check_all_succeeded(pipeline, site, sent)


@pytest.mark.requirement("1.1", "1.4")
def test_limiters_whose_clocks_disagree_keep_the_rate(pipeline: Pipeline, site: SiteControl, faults: Faults) -> None:
    """Each environment is wrong by something else, up to what the setting allows for; the queue's clock is the judge."""
    with faults.limiter_clock() as make_wrong_by:
        make_wrong_by(MOST_SKEW_SECONDS)
        sent = send_workload(pipeline)
        for _ in range(2):
            faults.await_moment(0.5, 2.0)
            make_wrong_by(faults.random.uniform(0, MOST_SKEW_SECONDS))
        pipeline.await_results(sent, PATIENCE_SECONDS)
    forwarded = pipeline.journal(pipeline.run.workflows_queue_url)
    assert any(moment_noted(it) > it["sent"] for it in forwarded), "no limiter's clock was seen to be wrong"
    invariants.check_all_succeeded(pipeline, site, sent)


def moment_noted(forwarded: dict[str, Any]) -> float:
    """When the limiter's own clock said that it forwarded the message."""
    return datetime.fromisoformat(forwarded["attributes"]["rate_limit_timestamp"]).timestamp()
