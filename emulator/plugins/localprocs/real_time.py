"""Time on the machine's own clock, for what real work takes: no virtual clock makes work faster."""

import os


def elapsed() -> float:
    """Return seconds from an arbitrary start, in hundredths; times(2) is not one of the calls that the clock scales."""
    return os.times().elapsed
