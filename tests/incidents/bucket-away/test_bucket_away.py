"""Incident bucket-away, of 2026-11-29: the results bucket was away for a minute, and a message that was out already was sent again."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.browser
@pytest.mark.requirement("9.9", "9.5")
def test_a_result_that_cannot_be_kept_doubles_no_message(replayed: Replayed, site: SiteControl) -> None:
    """What the site has taken is known of the job until its result is kept."""
    assert replayed.ends == {"done": 2}
    invariants.check(replayed.pipeline, site, replayed.jobs)
