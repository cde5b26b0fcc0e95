"""Incident secrets-away, of 2026-11-29: Secrets Manager was away for five minutes, and jobs that nobody had tried ended as dead letters."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.gate
@pytest.mark.browser
@pytest.mark.requirement("9.9", "9.6")
def test_a_store_that_is_away_buries_no_job(replayed: Replayed, site: SiteControl) -> None:
    """What is down of ours counts against no job."""
    assert replayed.ends == {"done": 2}
    invariants.check(replayed.pipeline, site, replayed.jobs)
