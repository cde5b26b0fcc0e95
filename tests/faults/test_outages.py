"""Stores and the site fail for a while: work waits, and is done once when they are back."""

from collections.abc import Callable

import pytest
from localprocs.vclock import Clock

from emulator.harness.faults import Faults
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from emulator.harness.victims import Victims
from huntaze_scraper.back_off import LONGEST_LIMIT_SECONDS
from tests import invariants, scraper_log
from tests.faults.workload import ACCOUNTS, send_workload
from tests.integration.deep_queue import fill_workflows_queue
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
KINDS = ("hang", "error")
PATIENCE_SECONDS = 200
OUTAGE_SECONDS = 60
LONG_SECONDS = 3600
MOST_RECEIVES = 4
"""Of a message, by tasks that find out each for itself that a store is down."""


@pytest.mark.requirement("1.4", "2.5", "4.3")
@pytest.mark.parametrize("service", ["dynamodb", "s3", "secretsmanager", "sqs"])
def test_a_service_that_is_down_for_a_minute_costs_no_message(
    pipeline: Pipeline,
    site: SiteControl,
    faults: Faults,
    clock: Clock,
    service: str,
    seed: int,
) -> None:
    """It answers errors, or nothing, by the seed, for a minute from the first call that meets it; then all is done."""
    sent = send_workload(pipeline)
    faults.await_moment(0, 1)
    faults.outage(service, KINDS[seed % len(KINDS)], LONG_SECONDS)
    until(lambda: faults.refused(service), what=f"a call that meets the outage of {service}")
    over = clock.now() + OUTAGE_SECONDS
    until(lambda: clock.now() >= over, what="the end of the outage")
    faults.end_outages()

    pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check_all_succeeded(pipeline, site, sent)


@pytest.mark.requirement("9.6")
def test_a_store_that_is_down_for_an_hour_burns_no_receives(
    pipeline: Pipeline, site: SiteControl, faults: Faults, clock: Clock, seed: int
) -> None:
    """The tasks stop to receive, and say so; jobs that were on the queue go within minutes when it is back."""
    service, name = (("s3", "results bucket"), ("dynamodb", "state table"))[seed % 2]
    begun = clock.now()
    faults.outage(service, "error", LONG_SECONDS * 2)
    sent = fill_workflows_queue(pipeline, messages=3, accounts=3)
    until(lambda: faults.refused(service), what=f"a call that meets the outage of {service}")
    clock.advance(LONG_SECONDS)
    waiting = pipeline.journal(pipeline.run.workflows_queue_url)
    assert [it["deleted"] for it in waiting] == [False] * 3
    assert max(it["receive_count"] for it in waiting) <= MOST_RECEIVES
    waits = scraper_log.lines(pipeline, "task_waits", since=begun)
    assert waits[-1]["missing"] == [name]
    faults.end_outages()

    pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check_all_succeeded(pipeline, site, sent)


@pytest.mark.requirement("7.1", "9.6")
def test_a_limit_that_lasts_is_waited_for(
    pipeline: Pipeline, site: SiteControl, clock: Clock, await_forwarding: Callable[[int], None], seed: int
) -> None:
    """The site answers 429, with or without Retry-After by the seed: no failure, few receives, and it is told."""
    begun = clock.now()
    asked = {"retry_after": 5} if seed % 2 else {}
    site.faults({"match": {"path": "*"}, "fault": {"kind": "status", "status": 429, **asked}})
    sent = send_workload(pipeline, ACCOUNTS[:3])
    await_forwarding(len(sent))
    clock.advance(0.75 * LONG_SECONDS)
    waiting = pipeline.journal(pipeline.run.workflows_queue_url)
    assert [it["deleted"] for it in waiting] == [False] * 3
    assert max(it["receive_count"] for it in waiting) <= 25
    assert scraper_log.lines(pipeline, "limit_lasts", since=begun)
    assert scraper_log.lines(pipeline, "job_waits", since=begun)
    site.faults()
    clock.jump(LONGEST_LIMIT_SECONDS)

    pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check_all_succeeded(pipeline, site, sent)


@pytest.mark.requirement("7.4")
def test_a_site_that_is_down_for_an_hour_costs_no_message(
    pipeline: Pipeline,
    site: SiteControl,
    clock: Clock,
    await_forwarding: Callable[[int], None],
) -> None:
    """Jobs fail, the breaker opens, jobs that failed three times are set aside, and none is lost or done twice."""
    begun, victims = clock.now(), Victims(pipeline.run)
    site.faults({"match": {"path": "*"}, "fault": {"kind": "status", "status": 503}})
    sent = send_workload(pipeline)
    await_forwarding(len(sent))
    for _ in range(20):
        clock.jump(175)
        moment = clock.now() + 5
        until(lambda moment=moment: clock.now() >= moment, what="five seconds for what a jump has woken")
        until(lambda: not victims.tasks_at_work(), what="the end of it")
    site.faults()

    pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check(pipeline, site, sent)
    assert "503" in {it["attributes"]["status"] for it in pipeline.journal(pipeline.run.workflows_dlq_url)}
    changes = scraper_log.lines(pipeline, "circuit_breaker_changed", since=begun)
    assert "open" in {it["after"] for it in changes}
