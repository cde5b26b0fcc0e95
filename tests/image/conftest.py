"""A harness whose tasks run in the image that was built."""

import os
from collections.abc import Iterator

import pytest

from emulator.harness.errors import NO_ENGINE
from emulator.harness.harness import Harness, Options
from tests.image.tasks import in_image


@pytest.fixture(scope="session")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """Everything, up for the whole session, at the machine's pace."""
    image = os.environ.get("HUNTAZE_IMAGE")
    if not image:
        pytest.skip(f"{NO_ENGINE} that was asked: scripts/build-scraper-image.sh runs these tests on what it built")
    with Harness(Options(stand_in=in_image(tmp_path_factory.mktemp("image"), image))) as running:
        yield running
