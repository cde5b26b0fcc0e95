"""What a job remembers beyond an attempt, in memory."""

from collections.abc import Mapping
from typing import Any

from huntaze_scraper.errors import LeaseLost
from huntaze_scraper.onlyfans.effects import Effect


class MemoryOnce:
    """Remembers the last try whose end is not known, and the latest progress; or has lost its lease."""

    def __init__(self, effect: Effect | None = None, *, is_lost: bool = False, may_try: bool = True) -> None:
        self.effect = effect
        self.may_try = may_try
        self.progress: Mapping[str, Any] = {}
        self.recorded: list[Effect] = []
        self._is_lost = is_lost

    async def record(self, effect: Effect) -> None:
        if self._is_lost:
            raise LeaseLost("lost")
        self.recorded.append(effect)
        self.effect = effect

    def settle(self, effect: Effect | None) -> None:
        self.effect = effect

    async def keep(self, progress: Mapping[str, Any]) -> None:
        if self._is_lost:
            raise LeaseLost("lost")
        self.progress = progress
