"""Incident busy-site, of 2026-11-29: three 429 without Retry-After ended a job as a dead letter."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.gate
@pytest.mark.browser
@pytest.mark.requirement("9.9", "7.1")
def test_a_busy_site_buries_no_job(replayed: Replayed, site: SiteControl) -> None:
    """However often the site asks to slow down, nothing is counted against the job."""
    assert replayed.ends == {"done": 2}
    invariants.check(replayed.pipeline, site, replayed.jobs)
