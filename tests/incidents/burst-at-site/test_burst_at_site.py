"""Incident burst-at-site, of 2026-11-29: after two minutes without a task, all that waited went to the site at once."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.gate
@pytest.mark.browser
@pytest.mark.requirement("9.9", "9.1")
def test_what_has_waited_comes_to_the_site_at_its_rate(replayed: Replayed, site: SiteControl) -> None:
    """No 60 s at the site hold more than ten messages, whatever waits."""
    assert replayed.ends == {"done": 14}
    invariants.check(replayed.pipeline, site, replayed.jobs)
    assert invariants.worst_window(it["time"] for it in site.messages()) <= invariants.CAPACITY
