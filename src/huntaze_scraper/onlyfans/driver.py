"""Playwright's driver: the node process that starts Chromium and speaks with it. One that died is started again."""

import asyncio
from contextlib import suppress

import structlog
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright, async_playwright

from huntaze_scraper.errors import BrowserUnavailable

START_SECONDS = 30.0
ANSWER_SECONDS = 30.0
"""A dead driver says so at once; one that is only busy must not be taken for one that hangs, for all pages end with it."""

log = structlog.stdlib.get_logger(__name__)


class Driver:
    """The task's driver. When it dies, every Chromium that it started ends with it."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._playwright: Playwright | None = None

    async def start(self) -> Playwright:
        """Return a driver that answers, after starting one if need be.

        Raises:
            BrowserUnavailable: it does not start.
        """
        if self._playwright is None or not await self.answers():
            await self.stop()
            try:
                async with asyncio.timeout(START_SECONDS):
                    self._playwright = await async_playwright().start()
            except Exception as error:  # noqa: BLE001 see below
                # Playwright raises a bare Exception where its driver dies while it starts.
                log.warning("driver_not_started", error=type(error).__name__)
                raise BrowserUnavailable("Playwright's driver does not start") from None
        return self._playwright

    async def answers(self) -> bool:
        """Tell whether the driver lives. Nothing else does: its browsers and pages go on to say that they are there."""
        if self._playwright is None:
            return False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await (await self._playwright.request.new_context()).dispose()
        except (PlaywrightError, TimeoutError):
            return False
        return True

    async def stop(self) -> None:
        """End the driver, in bounded time."""
        playwright, self._playwright = self._playwright, None
        if playwright is not None:
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await playwright.stop()
