"""A clock that a test moves."""

from huntaze_scraper.clock import SystemClock


class HandClock(SystemClock):
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = 1_700_000_000.0

    def now(self) -> float:
        return self.moment

    def monotonic(self) -> float:
        return self.moment
