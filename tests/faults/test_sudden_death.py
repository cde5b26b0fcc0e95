"""Processes die at random moments: nothing is lost, nothing is done twice, the order stands, the rate holds."""

import time
from collections.abc import Callable

import pytest

from emulator.harness.faults import Faults
from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from emulator.vclock import Clock
from tests import invariants

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
KILLS = 3
PATIENCE_SECONDS = 200


@pytest.mark.requirement("1.4", "2.5", "6.5", "7.4")
@pytest.mark.parametrize("victim", ["limiter", "scraper", "browser"])
def test_a_process_killed_at_random_moments_costs_no_message(
    pipeline: Pipeline,
    site: SiteControl,
    clock: Clock,
    faults: Faults,
    send_workload: Callable[[], list[SentJob]],
    victim: str,
) -> None:
    """Kill -9, three times, while the work is going on; visibility time-outs and leases bring it all back."""
    clock.set_speed(10)
    sent = send_workload()

    for _ in range(KILLS):
        time.sleep(faults.random.uniform(0.2, 2.5))
        {"limiter": faults.kill_limiter, "scraper": faults.kill_scraper, "browser": faults.kill_browser}[victim]()

    pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check(pipeline, site, sent)


@pytest.mark.requirement("6.1", "6.5")
def test_an_interruption_of_all_spot_tasks_costs_no_message(
    pipeline: Pipeline, site: SiteControl, faults: Faults, send_workload: Callable[[], list[SentJob]]
) -> None:
    """The tasks hand back what they hold, and their replacements finish it."""
    pipeline.scale_to(3)
    try:
        sent = send_workload()
        time.sleep(faults.random.uniform(0.5, 2.0))
        assert faults.interrupt_spot()
        pipeline.await_results(sent, PATIENCE_SECONDS)
    finally:
        pipeline.scale_to(1)
    invariants.check(pipeline, site, sent)
