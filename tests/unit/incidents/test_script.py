"""What happened around an incident can happen again."""

from types import SimpleNamespace
from typing import Any

from emulator.incidents.script import Script
from huntaze_scraper.operations.incident.bundle import Verb


def test_every_verb_of_a_bundle_has_a_way_to_happen_here() -> None:
    """A bundle that can be read can be played."""
    run: Any = SimpleNamespace(pid=1)

    assert set(Script(run, 1)._ways) == set(Verb)
