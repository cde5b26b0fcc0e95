"""Time on the machine's own clock, for what real work takes: no virtual clock makes work faster."""

import ctypes
import os
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any


def elapsed() -> float:
    """Return seconds from an arbitrary start, in hundredths; times(2) is not one of the calls that the clock scales."""
    return os.times().elapsed


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, on both clocks."""

    real: float = field(default_factory=elapsed)
    virtual: float = field(default_factory=time.monotonic)

    def since(self, before: "Moment") -> float:
        """Return the seconds in which work could be done: what the clock leapt over, because nobody worked, counts too."""
        return max(self.real - before.real, (self.virtual - before.virtual) / _speed())


def _speed() -> float:
    """Return how many virtual seconds pass in a second of work; 1 where time is the machine's."""
    speed = _speed_of_clock()
    return float(speed()) if speed else 1.0


@cache
def _speed_of_clock() -> Any:
    speed = getattr(ctypes.CDLL(None), "vclock_speed", None)  # of the library that puts this process on a clock
    if speed is not None:
        speed.restype = ctypes.c_double
    return speed
