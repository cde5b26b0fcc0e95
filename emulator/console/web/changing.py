"""When to look again: when something happened in the cloud, at most so often, and now and then all the same."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import httpx

from emulator.console.reading.place import Place
from emulator.harness.clients import http_client
from huntaze_scraper.operations.errors import TellOperator

LOOK_SECONDS = 0.1
"""How often the cloud is asked whether something happened, while a page is open."""
LONGEST_SECONDS = 1.0
"""What no call shows, such as a task's health and time itself, is looked at as often."""
LONGEST_ON_AWS_SECONDS = 10.0


class Changing:
    """Tells all open pages of a console when to look; asks nothing while none is open."""

    def __init__(self, find_place: Callable[[], Place], longest_seconds: float = LONGEST_SECONDS) -> None:
        """Watch the place that is found; pages look again after so long all the same."""
        self._find_place = find_place
        self._longest_seconds = longest_seconds
        self._changed = asyncio.Condition()
        self._open = 0
        self.count = 0
        """How much had happened when last looked at."""
        self._watching: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Watch meanwhile."""
        self._open += 1
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self._open -= 1
            if not self._open and self._watching is not None:
                self._watching.cancel()
                self._watching = None

    async def beyond(self, count: int) -> None:
        """Return when more has happened than so much, or after the longest time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._longest_seconds), self._changed:
                await self._changed.wait_for(lambda: self.count != count)

    async def _watch(self) -> None:
        while True:
            self.count = await asyncio.to_thread(self._count)
            async with self._changed:
                self._changed.notify_all()
            await asyncio.sleep(LOOK_SECONDS)

    def _count(self) -> int:
        """Return how much has happened; always the same on AWS, which nobody asks ten times a second."""
        try:
            run = self._find_place().run
            if run is None:
                return 0
            answer = http_client.get(f"{run.aws_endpoint_url}/_emulator/changes").raise_for_status()
            return int(answer.json()["changes"])
        except (httpx.HTTPError, TellOperator, ValueError, KeyError):
            return 0
