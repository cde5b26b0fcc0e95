"""Processes die at random moments: nothing is lost, nothing is done twice, the order stands, the rate holds."""

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
VISIBILITY_SECONDS = 300
"""What a dead process had in hand comes back after that."""
VICTIMS = {
    "limiter": Faults.kill_limiter,
    "scraper": Faults.kill_scraper,
    "browser": Faults.kill_browser,
    "runner": Faults.kill_runner,
}


@pytest.mark.requirement("1.4", "2.5", "6.5", "7.4")
@pytest.mark.parametrize("victim", VICTIMS)
def test_a_process_killed_at_random_moments_costs_no_message(
    pipeline: Pipeline,
    site: SiteControl,
    clock: Clock,
    faults: Faults,
    send_workload: Callable[[], list[SentJob]],
    await_forwarding: Callable[[int], None],
    victim: str,
) -> None:
    """Kill -9, three times, while the work is going on; visibility time-outs and leases bring it all back."""
    sent = send_workload()

    for _ in range(KILLS):
        faults.await_moment(0.2, 2.5)
        VICTIMS[victim](faults)
    await_forwarding(len(sent))
    clock.jump(VISIBILITY_SECONDS)

    pipeline.await_results(sent, PATIENCE_SECONDS)
    assert faults.killed, "at none of the moments was there a process to kill"
    invariants.check(pipeline, site, sent)


@pytest.mark.requirement("6.1", "6.5")
def test_an_interruption_of_all_spot_tasks_costs_no_message(
    pipeline: Pipeline, site: SiteControl, faults: Faults, send_workload: Callable[[], list[SentJob]]
) -> None:
    """The tasks hand back what they hold, and their replacements finish it."""
    pipeline.scale_to(3)
    try:
        sent = send_workload()
        faults.await_moment(0.5, 2.0)
        assert faults.interrupt_spot()
        pipeline.await_results(sent, PATIENCE_SECONDS)
    finally:
        pipeline.scale_to(1)
    invariants.check(pipeline, site, sent)
