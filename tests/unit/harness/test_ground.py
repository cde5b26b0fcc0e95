"""What a harness stands on says whether its work can be seen."""

import platform
from unittest.mock import Mock

import pytest
from localprocs.vclock import AUTO, Speed

from emulator.harness import harness
from emulator.harness.containers import Containers
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


@pytest.mark.parametrize(
    ("kernel", "taken"), [(platform.release(), AUTO), ("6.10.14-linuxkit", harness.UNSEEN_SPEED), ("", 10.0)]
)
def test_containers_of_another_kernel_hide_their_work(kernel: str, taken: Speed) -> None:
    """An engine in a virtual machine, or one that does not say: auto takes a speed, and says why."""
    ground = Containers.__new__(Containers)  # an engine that only tells of itself
    ground._engine = Mock(info=lambda: {"KernelVersion": kernel} if kernel else {})
    told: list[str] = []
    stopped = Harness(Options(speed=AUTO), told.append)
    try:
        assert stopped._speed(ground) == taken
    finally:
        stopped.stop()
    assert len(told) == (taken != AUTO)
