"""A clock that runs faster than the wall's, shared by all processes of a stack."""

from collections.abc import Callable

from localprocs.vclock.build import library
from localprocs.vclock.clock import AUTO, LONGEST_JUMP_SECONDS, SPEED_RANGE, Clock, ClockState, Speed, WallClock
from localprocs.vclock.errors import ClockError, ClockRefused, ClockUnavailable, NotWithin, StillWorking
from localprocs.vclock.governor import Due

__all__ = [
    "AUTO",
    "LONGEST_JUMP_SECONDS",
    "SPEED_RANGE",
    "Clock",
    "ClockError",
    "ClockRefused",
    "ClockState",
    "ClockUnavailable",
    "Due",
    "NotWithin",
    "Speed",
    "StillWorking",
    "WallClock",
    "library",
    "open_clock",
]


def open_clock(speed: Speed | None, say: Callable[[str], None], begins: float | None = None) -> Clock | WallClock:
    """Return a virtual clock of that speed that begins at that date, or the wall's if no speed is asked for.

    Where no virtual clock can be had, says so in one line and returns the wall's. Raises ClockRefused for a wrong speed.
    """
    if speed is None:
        return WallClock()
    try:
        return Clock.create(speed, begins=begins)
    except ClockUnavailable as error:
        reason = " ".join(str(error).split())
        say(f"Speed 1: {reason}.")
        return WallClock(reason)
