"""Stores and the site fail for a while: work waits, and is done once when they are back."""

from collections.abc import Callable

import pytest

from emulator.harness.faults import Faults
from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from emulator.vclock import Clock
from huntaze_scraper import jobs
from tests import invariants
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
KINDS = ("hang", "error")
PATIENCE_SECONDS = 200


@pytest.mark.requirement("1.4", "2.5", "4.3")
@pytest.mark.parametrize("service", ["dynamodb", "s3", "secretsmanager", "sqs"])
def test_a_service_that_is_down_for_a_minute_costs_no_message(
    pipeline: Pipeline,
    site: SiteControl,
    faults: Faults,
    send_workload: Callable[[], list[SentJob]],
    service: str,
    seed: int,
) -> None:
    """It answers errors, or nothing, by the seed; afterwards everything is done, once."""
    sent = send_workload()
    faults.await_moment(0, 1)
    faults.outage(service, KINDS[seed % len(KINDS)], 60)

    pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check(pipeline, site, sent)


@pytest.mark.requirement("7.2", "7.4")
def test_a_site_that_is_down_for_an_hour_costs_no_message(
    pipeline: Pipeline,
    site: SiteControl,
    clock: Clock,
    send_workload: Callable[[], list[SentJob]],
    await_forwarding: Callable[[int], None],
) -> None:
    """Jobs fail, the breaker opens, jobs that failed three times are set aside, and none is lost or done twice."""
    site.faults({"match": {"path": "*"}, "fault": {"kind": "status", "status": 503}})
    sent = send_workload()
    await_forwarding(len(sent))
    for _ in range(20):
        clock.jump(175)
        moment = clock.now() + 5
        until(lambda moment=moment: clock.now() >= moment, what="five seconds for what a jump has woken")
    site.faults()

    results = pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check(pipeline, site, sent)
    dead = {job_id for job_id, result in results.items() if result["status"] == "dead"}
    buried = {jobs.parse(it["body"]).job_id for it in pipeline.journal(pipeline.run.workflows_dlq_url)}
    assert dead == buried
    assert len(site.messages()) == len(sent) - len(dead)
