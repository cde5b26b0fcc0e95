"""What an action is given: the job, a tab, and where it may leave things."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.jobs import Job
from huntaze_scraper.onlyfans.keeping import Artifacts, Once
from huntaze_scraper.onlyfans.tab import Tab


class Turn(Protocol):
    """Leave to act at the site, from the limit that all tasks share."""

    async def keep(self) -> None:
        """Make sure that an effect may leave now: to be called right before it does.

        Raises:
            OutOfTurn: it may not, for the turn is too long ago.
            StoreUnavailable: nobody knows, so it may not.
        """
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a job."""

    job: Job
    tab: Tab
    once: Once
    artifacts: Artifacts
    clock: Clock
    seconds: float
    """How long the site may take to answer."""
    late_effect_seconds: float = 120.0
    """For how long the site may act on a request that it did not answer."""
    patience_seconds: float = math.inf
    """For how long an effect that may still come is waited for."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits; ends early, by an exception, with the process."""
    _: KW_ONLY
    turn: Turn
    pace: Callable[[], Awaitable[None]]
    """Waits until the account may make one more request, for actions that make many.

    Raises OutOfTurn where that is far off: what was done must be kept before.
    """
