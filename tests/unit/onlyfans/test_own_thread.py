"""Work in a thread of its own."""

import asyncio
import subprocess
import sys
import threading

import pytest

from huntaze_scraper.onlyfans.own_thread import in_own_thread


def test_what_the_work_returns_or_raises_comes_back() -> None:
    """As from a call."""

    async def scenario() -> None:
        assert await in_own_thread(lambda: 7, "seven") == 7
        with pytest.raises(KeyError):
            await in_own_thread({}.popitem, "none")

    asyncio.run(scenario())


def test_who_is_cancelled_does_not_wait_for_the_work() -> None:
    """It ends by itself, and nobody hears of it."""
    free = threading.Event()

    async def scenario() -> None:
        waiting = asyncio.create_task(in_own_thread(lambda: free.wait(60), "slow"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not free.is_set()
        free.set()

    asyncio.run(scenario())


def test_the_process_ends_while_the_work_goes_on() -> None:
    """A host that is silent for minutes does not hold up a stop."""
    program = """
import asyncio, time
from huntaze_scraper.onlyfans.own_thread import in_own_thread
async def scenario():
    asyncio.create_task(in_own_thread(lambda: time.sleep(3600), "slow"))
    await asyncio.sleep(0.1)
asyncio.run(scenario())
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
