"""Processes die at random moments: nothing is lost, nothing is done twice, the order stands, the rate holds."""

from collections.abc import Callable
from itertools import batched

import pytest
from localprocs.vclock import Clock

from emulator.harness.faults import Faults
from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from tests import invariants
from tests.faults.workload import ACCOUNTS, send_workload
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
MESSAGES_A_KILL = 5
PATIENCE_SECONDS = 200
VISIBILITY_SECONDS = 300
"""What a dead process had in hand comes back after that."""
SLOW_SITE = {"match": {"path": "/api/chats/*"}, "fault": {"kind": "delay", "seconds": 20}}
"""Four accounts' work fills a task's hands for more than a minute, so that what comes then goes to another."""
VICTIMS = {
    "limiter": Faults.kill_limiter,
    "scraper": Faults.kill_scraper,
    "browser": Faults.kill_browser,
    "runner": Faults.kill_runner,
}


@pytest.mark.requirement("1.4", "7.4")
@pytest.mark.parametrize("victim", VICTIMS)
def test_a_process_killed_at_random_moments_costs_no_message(
    pipeline: Pipeline,
    site: SiteControl,
    clock: Clock,
    faults: Faults,
    await_forwarding: Callable[[int], None],
    victim: str,
) -> None:
    """Kill -9, three times, while the work is going on; visibility time-outs and leases bring it all back."""
    sent: list[SentJob] = []

    for accounts in batched(ACCOUNTS, MESSAGES_A_KILL, strict=False):
        sent += send_workload(pipeline, accounts)
        VICTIMS[victim](faults, (0.2, 2.5))
    await_forwarding(len(sent))
    clock.jump(VISIBILITY_SECONDS)

    pipeline.await_results(sent, PATIENCE_SECONDS)
    assert faults.killed >= len(ACCOUNTS) // MESSAGES_A_KILL
    invariants.check_all_succeeded(pipeline, site, sent)


@pytest.mark.requirement("6.1", "6.5")
def test_an_interruption_of_all_spot_tasks_costs_no_message(
    pipeline: Pipeline, site: SiteControl, faults: Faults
) -> None:
    """The tasks hand back what they hold, and their replacements finish it."""
    with pipeline.scaled_to(3):
        site.faults(SLOW_SITE)
        sent = send_workload(pipeline)
        at_work = until(lambda: faults.victims.tasks_at_work("FARGATE_SPOT"), what="work in a Spot task's hands")
        faults.await_moment(0, 0.5)
        assert set(at_work) <= set(faults.interrupt_spot())
        site.faults()
        pipeline.await_results(sent, PATIENCE_SECONDS)
    invariants.check_all_succeeded(pipeline, site, sent)
