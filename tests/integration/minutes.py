"""Minutes that go by in a jump, with what alarms and scaling make of them."""

import time
from collections.abc import Callable

import pytest

from emulator.vclock import Clock

MINUTE = 60
EVALUATION_SECONDS = 6
"""After a minute's end, alarms have looked at it."""
SETTLING_SECONDS = 1.0
"""Real time for what a minute sets off."""


def pass_minutes(clock: Clock, number: int) -> None:
    """Jump over minutes, to where alarms look at the last of them."""
    clock.jump(number * MINUTE - (clock.now() - EVALUATION_SECONDS) % MINUTE)


def within[Found](clock: Clock, minutes: int, condition: Callable[[], Found], each: int = 1) -> Found:
    """Let minutes go by, so many at a time, until the condition holds, and return what it found."""
    for _ in range(0, minutes + 1, each):
        deadline = time.monotonic() + SETTLING_SECONDS
        while time.monotonic() < deadline:
            if found := condition():
                return found
            time.sleep(0.05)
        pass_minutes(clock, each)
    pytest.fail(f"not within {minutes} minutes")
