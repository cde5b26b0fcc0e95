"""Incident refused-log-in, of 2026-11-29: the site answered one log-in with 403, and the job that wanted the session was deleted."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.browser
@pytest.mark.requirement("9.9", "9.6")
def test_a_refused_log_in_deletes_no_job(replayed: Replayed, site: SiteControl) -> None:
    """A log-in that the site refuses is the account's trouble: the job comes back and goes."""
    assert replayed.ends == {"done": 2}
    invariants.check(replayed.pipeline, site, replayed.jobs)
