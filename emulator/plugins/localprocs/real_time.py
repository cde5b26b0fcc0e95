"""Time on the machine's own clock, for what real work takes: no virtual clock makes work faster."""

import ctypes
import os
from functools import cache
from typing import Any


def elapsed() -> float:
    """Return seconds from an arbitrary start, in hundredths; times(2) is not one of the calls that the clock scales."""
    return os.times().elapsed


def elapsed_with_rest() -> float:
    """Return such seconds, and those that the clock left out in leaps, for nobody worked; a jump leaves out work."""
    rest = _rest_of_clock()
    return elapsed() + (rest() / 1e9 if rest else 0.0)


@cache
def _rest_of_clock() -> Any:
    rest = getattr(ctypes.CDLL(None), "vclock_rest", None)  # of the library that puts this process on a clock
    if rest is not None:
        rest.restype = ctypes.c_int64
    return rest
