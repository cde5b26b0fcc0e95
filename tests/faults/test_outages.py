"""Stores and the site fail for a while: work waits, and is done once when they are back."""

import time
from collections.abc import Callable

import pytest

from emulator.harness.faults import Faults
from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from emulator.vclock import Clock
from tests import invariants

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
PATIENCE_SECONDS = 200


@pytest.mark.requirement("1.4", "2.5", "4.3")
@pytest.mark.parametrize("kind", ["error", "hang"])
@pytest.mark.parametrize("service", ["dynamodb", "s3", "secretsmanager", "sqs"])
def test_a_service_that_is_down_for_a_minute_costs_no_message(
    pipeline: Pipeline,
    site: SiteControl,
    faults: Faults,
    send_workload: Callable[[], list[SentJob]],
    service: str,
    kind: str,
) -> None:
    """It answers errors, or nothing; afterwards everything is done, once."""
    time.sleep(faults.random.uniform(0, 1))
    faults.outage(service, kind, 60)
    sent = send_workload()

    pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check(pipeline, site, sent)


@pytest.mark.requirement("7.2", "7.4")
def test_a_site_that_is_down_for_an_hour_costs_no_message(
    pipeline: Pipeline, site: SiteControl, clock: Clock, send_workload: Callable[[], list[SentJob]]
) -> None:
    """Jobs fail, the breaker opens, jobs that failed three times are set aside, and none is lost or done twice."""
    site.faults({"match": {"path": "*"}, "fault": {"kind": "status", "status": 503}})
    sent = send_workload()
    for _ in range(60):
        clock.jump(55)
        time.sleep(0.3)
    site.faults()

    results = pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check(pipeline, site, sent)
    dead = {job_id for job_id, result in results.items() if result["status"] == "dead"}
    buried = {it["deduplication_id"] for it in pipeline.journal(pipeline.run.workflows_dlq_url)}
    assert dead == buried
    assert len(site.messages()) == len(sent) - len(dead)


@pytest.mark.requirement("2.2")
def test_copies_of_a_message_reach_the_fan_once(pipeline: Pipeline, site: SiteControl, faults: Faults) -> None:
    """The same body sent several times, by a producer that was not sure, is done once."""
    payload = {
        "action": "send_message",
        "creator_id": "creator-02",
        "user_id": "fan-003",
        "message_content": "Only once, please",
        "timestamp": "2026-01-01T00:00:00Z",
    }
    sent = [pipeline.send(payload) for _ in range(faults.random.randint(2, 5))]

    pipeline.await_results(sent[:1], PATIENCE_SECONDS)
    assert len({job.job_id for job in sent}) == 1
    invariants.check(pipeline, site, sent)
