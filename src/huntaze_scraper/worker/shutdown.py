"""The end of the process, in two steps: no new work, then no work."""

import asyncio

import structlog

from huntaze_scraper.errors import HuntazeError

log = structlog.stdlib.get_logger(__name__)


class Interrupted(HuntazeError):
    """The process ends: the job goes back as it was."""


class Shutdown:
    """Set by SIGTERM, watched by all loops."""

    def __init__(self, grace_seconds: float) -> None:
        """Leave running work ``grace_seconds`` once the end has begun."""
        self._grace_seconds = grace_seconds
        self.stopping = asyncio.Event()
        """No new work from now on."""
        self.why = ""
        """What began it."""
        self.hurry = asyncio.Event()
        """What still runs is to be dropped."""

    def begin(self, why: str = "") -> None:
        """Stop taking work, and after the grace time drop what still runs."""
        if not self.stopping.is_set():
            self.why = why
            log.info("worker_stopping", why=why, seconds=self._grace_seconds)
            self.stopping.set()
            asyncio.get_running_loop().call_later(self._grace_seconds, self.hurry.set)

    async def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the beginning of the end.

        Raises:
            Interrupted: the process ends.
        """
        if seconds <= 0 and not self.stopping.is_set():
            return
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return
        raise Interrupted("the worker stops")
