"""Incident expired-session, of 2026-11-29: the site ended a session in the midst of a job, nobody signed in again, and the job ended as a dead letter."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.browser
@pytest.mark.requirement("9.9", "9.6")
def test_a_session_that_ends_in_the_midst_of_a_job_costs_none(replayed: Replayed, site: SiteControl) -> None:
    """The account is signed in again, once, and the job goes on."""
    assert replayed.ends == {"done": 1}
    invariants.check(replayed.pipeline, site, replayed.jobs)
