"""What the tests of ECS share."""

from collections.abc import Iterator

import pytest
from world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A whole ECS over fakes."""
    made = World()
    yield made
    made.close()
