"""A replay goes to a moment by leaps, and comes there on a machine that never rests, too."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from localprocs.vclock import StillWorking

from emulator.incidents.pace import NEAR_SECONDS, go_to, settle, until


@dataclass
class Shown:
    """A clock whose time passes with what is asked of it."""

    rests: bool
    moment: float = 1000.0
    leaps: list[float] = field(default_factory=list)

    def now(self) -> float:
        self.moment += 0.01
        return self.moment

    def advance(self, seconds: float, patience_seconds: float) -> None:
        """Leap where all rest; else let real time pass, as long as somebody waits."""
        self.leaps.append(seconds)
        self.moment += seconds if self.rests else patience_seconds
        if not self.rests:
            raise StillWorking(patience_seconds, ["somebody"])

    def settle(self, patience_seconds: float) -> None:
        """Never rest."""
        raise StillWorking(patience_seconds, ["somebody"])


@pytest.mark.parametrize("rests", [True, False])
def test_the_moment_comes_whether_the_machine_rests_or_not(*, rests: bool) -> None:
    """And not much later than by itself."""
    clock: Any = Shown(rests)

    go_to(clock, 1150.0)

    assert 1150.0 <= clock.moment < 1152.0
    assert len(clock.leaps) == 1 or not rests


def test_a_near_moment_is_waited_for() -> None:
    """What came close together does so again."""
    clock: Any = Shown(rests=True)

    go_to(clock, 1000.0 + NEAR_SECONDS)

    assert clock.leaps == []


def test_a_machine_that_never_rests_holds_nothing_up() -> None:
    """It was waited for."""
    clock: Any = Shown(rests=False)

    settle(clock)


@pytest.mark.parametrize("rests", [True, False])
def test_what_is_waited_for_is_asked_ever_so_often_and_not_for_ever(*, rests: bool) -> None:
    """Whether the machine rests or not."""
    clock: Any = Shown(rests)

    assert until(clock, lambda: clock.moment >= 1100, within_seconds=600, each_seconds=30)
    assert clock.moment < 1135
    assert not until(clock, lambda: False, within_seconds=60, each_seconds=30)
    assert clock.moment < 1200
