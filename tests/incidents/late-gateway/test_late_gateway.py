"""Incident late-gateway, of 2026-11-29: a gateway answered 504, the site sent the message 5 s later, and the fan had it twice."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.browser
@pytest.mark.requirement("9.9", "9.5")
def test_a_late_gateway_doubles_no_message(replayed: Replayed, site: SiteControl) -> None:
    """A gateway's word says nothing of the message: it is looked for before it is sent again."""
    assert replayed.ends == {"done": 1}
    invariants.check(replayed.pipeline, site, replayed.jobs)
