"""Incident broken-order, of 2026-11-29: a message failed, and a later one to another fan overtook it."""

import pytest

from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import Replayed
from tests import invariants


@pytest.mark.gate
@pytest.mark.browser
@pytest.mark.requirement("9.9", "2.1")
def test_a_failure_lets_no_later_job_pass(replayed: Replayed, site: SiteControl) -> None:
    """What failed keeps its place: the account's later jobs wait for it."""
    assert replayed.ends == {"done": 3}
    invariants.check(replayed.pipeline, site, replayed.jobs)
