"""The circuit breaker: after failures in a row the worker leaves the site alone for a while (requirement 7.4)."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from huntaze_scraper.errors import ErrorClass, SiteError

THRESHOLD = 5
OPEN_SECONDS = 60.0
ACCOUNTS = 2
"""Failures of one account alone say nothing about the site; its group backs off by itself."""
TRIAL_SECONDS = 10.0
"""How long a job stays away that finds another one trying the site."""

FAILURES = frozenset({ErrorClass.SERVER_ERROR, ErrorClass.NETWORK_ERROR})
"""Classes that speak against the site as a whole."""


class State(StrEnum):
    """What the breaker lets through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Verdict(StrEnum):
    """What a job's end says about the site."""

    WORKS = "works"
    FAILS = "fails"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave to try a job at the site; it counts only in the period in which it was given."""

    account: str
    period: int


def verdict(error: SiteError | None) -> Verdict:
    """Judge a job's end; None is success. What is odd about a page, or never reached the site, says nothing about it."""
    if error is None:
        return Verdict.WORKS
    if error.error_class in FAILURES:
        return Verdict.FAILS
    if error.error_class is ErrorClass.UNKNOWN or error.status is None:
        return Verdict.NOTHING
    return Verdict.WORKS


class CircuitBreaker:
    """Counts failed jobs in a row. Pure: every method is told the time, in seconds from any fixed start.

    Each change of state begins a period. Half open, one job has leave at a time, and its end alone decides.
    """

    def __init__(
        self,
        on_change: Callable[[State, State], None] = lambda _before, _after: None,
        threshold: int = THRESHOLD,
        open_seconds: float = OPEN_SECONDS,
    ) -> None:
        """Begin closed; ``on_change`` hears each transition: the state before, and after."""
        self._on_change = on_change
        self._open_seconds = open_seconds
        self._state = State.CLOSED
        self._period = 0
        self._row: deque[str] = deque(maxlen=threshold)
        """The accounts of the latest failures in a row."""
        self._trial: Leave | None = None
        self._opened_at = 0.0

    def state(self, now: float) -> State:
        """Return the state; an open breaker becomes half open when its time is over."""
        if self._state is State.OPEN and now >= self._opened_at + self._open_seconds:
            self._become(State.HALF_OPEN)
        return self._state

    def wait_seconds(self, now: float) -> float:
        """Return how long to keep from the site; 0 where a job may be tried now."""
        if self.state(now) is State.OPEN:
            return self._opened_at + self._open_seconds - now
        return TRIAL_SECONDS if self._trial else 0.0

    def admit(self, account: str, now: float) -> Leave | None:
        """Give leave to try a job of the account, or None; give each back with its end, or without."""
        if self.wait_seconds(now):
            return None
        leave = Leave(account, self._period)
        if self._state is State.HALF_OPEN:
            self._trial = leave
        return leave

    def finished(self, leave: Leave, about_site: Verdict, now: float) -> None:
        """Take note of a job's end."""
        self.state(now)
        if leave.period != self._period or about_site is Verdict.NOTHING:
            self.gave_up(leave)
        elif about_site is Verdict.WORKS:
            self._row.clear()
            if self._state is State.HALF_OPEN:
                self._become(State.CLOSED)
        else:
            self._row.append(leave.account)
            is_row = len(self._row) == self._row.maxlen and len(set(self._row)) >= ACCOUNTS
            if is_row or self._state is State.HALF_OPEN:
                self._opened_at = now
                self._become(State.OPEN)

    def gave_up(self, leave: Leave) -> None:
        """Let another job try: this one ended without a word about the site. Harmless after its end."""
        if self._trial is leave:
            self._trial = None

    def _become(self, state: State) -> None:
        before, self._state = self._state, state
        self._period += 1
        self._row.clear()
        self._trial = None
        self._on_change(before, state)
