"""Waits that what a page shows puts an end to."""

import asyncio

import pytest

from huntaze_scraper.errors import SignInAgain, SiteError
from huntaze_scraper.onlyfans.signs import LOOK_SECONDS, watched
from tests.unit.worker.jumping_loop import LoopClock, run


class Sight:
    """Shows a log-in from the n-th look on."""

    def __init__(self, from_look: int = 10**9) -> None:
        self._left = from_look
        self.looks = 0

    async def look(self) -> SiteError | None:
        self.looks += 1
        self._left -= 1
        return None if self._left > 0 else SignInAgain("the page turned into the log-in")


def test_what_is_seen_ends_a_wait_at_once() -> None:
    """At the third look, not when the wait would end by itself."""

    async def scenario() -> None:
        with pytest.raises(SignInAgain):
            async with watched(Sight(3).look):
                await asyncio.sleep(1000)
        assert LoopClock().monotonic() == pytest.approx(3 * LOOK_SECONDS)
        await asyncio.sleep(1)  # nothing of the cancellation is left

    run(scenario())


def test_a_wait_that_ends_sooner_is_not_looked_at() -> None:
    """The usual case."""

    async def scenario() -> None:
        sight = Sight(1)
        async with watched(sight.look):
            await asyncio.sleep(LOOK_SECONDS / 2)
        await asyncio.sleep(10)
        assert sight.looks == 0

    run(scenario())


def test_whoever_cancels_a_watched_wait_cancels_it() -> None:
    """Also a time-out outside, and one that comes when something was seen."""

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5), watched(Sight().look):
                await asyncio.sleep(1000)
        waiting = asyncio.create_task(wait_watched())
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    async def wait_watched() -> None:
        async with watched(Sight(5).look):
            await asyncio.sleep(1000)

    run(scenario())
