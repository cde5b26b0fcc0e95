"""A clock that tests turn."""

import time
from dataclasses import dataclass


@dataclass
class TurnedClock:
    """The real time, and what the test adds to it."""

    ahead: float = 0.0

    def __call__(self) -> float:
        """Return epoch seconds."""
        return time.time() + self.ahead
