"""Incident lost-in-limiter, of 2026-11-29: the table was away for two minutes, and the limiter let its messages be deleted."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.gate
@pytest.mark.browser
@pytest.mark.requirement("9.9", "1.3")
def test_a_store_that_is_away_loses_no_message(replayed: Replayed, site: SiteControl) -> None:
    """A message that the limiter could not take is not deleted: it comes back."""
    assert replayed.ends == {"done": 2}
    invariants.check(replayed.pipeline, site, replayed.jobs)
