"""Incident cut-connection, of 2026-11-29: the connection was cut after the site had acted, and the fan had the message twice."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.browser
@pytest.mark.requirement("9.9", "9.5")
def test_a_cut_connection_doubles_no_message(replayed: Replayed, site: SiteControl) -> None:
    """What got no answer may have been acted on: it is looked for before it is sent again."""
    assert replayed.ends == {"done": 1}
    invariants.check(replayed.pipeline, site, replayed.jobs)
