"""What a harness stands on says whether its work can be seen."""

import pytest
from localprocs.vclock import AUTO, Speed

from emulator.harness import harness
from emulator.harness.ground import Processes
from emulator.harness.harness import Harness, Options


@pytest.mark.parametrize(
    ("asked", "image", "taken", "said"),
    [
        (AUTO, "", AUTO, 0),
        (AUTO, "scraper:local", harness.UNSEEN_SPEED, 1),
        (20.0, "scraper:local", 20.0, 0),
    ],
)
def test_where_work_is_not_seen_auto_says_so_and_takes_a_speed(
    asked: Speed, image: str, taken: Speed, said: int
) -> None:
    """Tasks as containers have process numbers of their own; a number stays what it is."""
    told: list[str] = []
    stopped = Harness(Options(speed=asked), told.append)
    try:
        assert stopped._speed(Processes("127.0.0.1", image)) == taken
    finally:
        stopped.stop()
    assert len(told) == said
    assert all("not to be seen" in it for it in told)
