"""A replay's way from one moment to the next: leaps over waiting, the wall's pace where work is."""

import time
from collections.abc import Callable
from contextlib import suppress

from localprocs.vclock import Clock, StillWorking

NEAR_SECONDS = 1.5
"""For so long time goes at the wall's pace: what came close together does so again, and a death in the midst of work."""
REST_SECONDS = 30.0
"""Real seconds within which a machine comes to rest, or is too busy for it."""


def settle(clock: Clock) -> None:
    """Let all work be done, as far as the machine comes to rest."""
    with suppress(StillWorking):
        clock.settle(REST_SECONDS)


def go_to(clock: Clock, moment: float) -> None:
    """Leap over what is waited for; at speed 1 a machine that never rests comes there, too, no later than by itself."""
    while (left := moment - clock.now()) > NEAR_SECONDS:
        with suppress(StillWorking):
            clock.advance(left, min(left, REST_SECONDS))
    while clock.now() < moment:
        time.sleep(0.01)


def until(clock: Clock, is_so: Callable[[], bool], within_seconds: float, each_seconds: float) -> bool:
    """Go on until it is so, and tell whether it came to be within so many virtual seconds; it is asked ever so often."""
    end = clock.now() + within_seconds
    while not (found := is_so()) and clock.now() < end:
        go_to(clock, min(clock.now() + each_seconds, end))
    return found
