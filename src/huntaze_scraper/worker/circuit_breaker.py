"""The circuit breaker: after failures in a row the worker leaves the site alone for a while (requirement 7.4)."""

from collections.abc import Callable
from enum import StrEnum

from huntaze_scraper.errors import ErrorClass

THRESHOLD = 5
OPEN_SECONDS = 60.0

FAILURES = frozenset({ErrorClass.SERVER_ERROR, ErrorClass.NETWORK_ERROR, ErrorClass.UNKNOWN})
"""Classes that speak against the site as a whole. With the others it answered, so they end the row."""


class State(StrEnum):
    """What the breaker lets through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """Counts failed jobs in a row. Pure: every method is told the time, in seconds from any fixed start."""

    def __init__(
        self,
        on_change: Callable[[State, State], None] = lambda _before, _after: None,
        threshold: int = THRESHOLD,
        open_seconds: float = OPEN_SECONDS,
    ) -> None:
        """Begin closed; ``on_change`` hears each transition: the state before, and after."""
        self._on_change = on_change
        self._threshold = threshold
        self._open_seconds = open_seconds
        self._state = State.CLOSED
        self._failures = 0
        self._opened_at = 0.0

    def state(self, now: float) -> State:
        """Return the state; an open breaker becomes half open when its time is over."""
        if self._state is State.OPEN and now >= self._opened_at + self._open_seconds:
            self._become(State.HALF_OPEN)
        return self._state

    def seconds_until_half_open(self, now: float) -> float:
        """Return how long it stays open yet; 0 where it is not."""
        return self._opened_at + self._open_seconds - now if self.state(now) is State.OPEN else 0.0

    def finished(self, error_class: ErrorClass | None, now: float) -> None:
        """Take note of a job's end; None is success."""
        if error_class in FAILURES:
            self._failed(now)
        else:
            self._failures = 0
            if self.state(now) is State.HALF_OPEN:
                self._become(State.CLOSED)

    def _failed(self, now: float) -> None:
        self._failures += 1
        state = self.state(now)
        if state is State.HALF_OPEN or (state is State.CLOSED and self._failures >= self._threshold):
            self._opened_at = now
            self._become(State.OPEN)

    def _become(self, state: State) -> None:
        before, self._state = self._state, state
        if state is State.CLOSED:
            self._failures = 0
        self._on_change(before, state)
