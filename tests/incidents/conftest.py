"""Kept incidents: each folder holds a bundle in text form, and the test that plays it."""

import pytest
from localprocs.vclock import Clock

from emulator.harness.pipeline import Pipeline
from emulator.incidents.replay import Replayed, play
from huntaze_scraper.operations.incident.reading import read_bundle


@pytest.fixture
def replayed(request: pytest.FixtureRequest, pipeline: Pipeline, clock: Clock) -> Replayed:
    """The incident that lies beside the test, played on the session's harness: its moments go with that one's clock."""
    return play(read_bundle(request.path.parent), pipeline, clock)
