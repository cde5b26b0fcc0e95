"""The scraper's browser with Playwright's traces: of every context that a test opens, kept where the test fails."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import BrowserContext, Playwright
from playwright.async_api import Error as PlaywrightError

from huntaze_scraper.onlyfans.browser import Browser, Generation

TRACE_SECONDS = 5.0


class TracedBrowser(Browser):
    """Traces contexts from their opening."""

    def __init__(self, playwright: Playwright, executable: str) -> None:
        super().__init__(playwright, executable)
        self._scratch = TemporaryDirectory(prefix="huntaze-traces-")
        self._open: list[BrowserContext] = []
        self._ended: list[Path] = []

    async def open(self, state: Any) -> tuple[Generation, BrowserContext]:
        generation, context = await super().open(state)
        with suppress(PlaywrightError):
            await context.tracing.start(snapshots=True)
        self._open.append(context)
        return generation, context

    async def shut(self, generation: Generation, context: BrowserContext) -> None:
        if context in self._open:
            self._open.remove(context)
            await self._end(context)
        await super().shut(generation, context)

    async def close(self) -> None:
        await super().close()
        self._scratch.cleanup()

    def forget(self) -> None:
        """Keep nothing of what was opened before."""
        self._open.clear()
        for trace in self._ended:
            trace.unlink(missing_ok=True)
        self._ended.clear()

    async def keep(self, folder: Path) -> list[str]:
        """Put pictures of all open pages and all traces into the folder; return the cookies that they may hold."""
        cookies: list[str] = []
        for number, context in enumerate(list(self._open), 1):
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(TRACE_SECONDS):
                    cookies += [it["value"] for it in await context.cookies()]
                    for which, page in enumerate(context.pages, 1):
                        await page.screenshot(path=folder / f"browser-{number}-page-{which}.png")
            await self._end(context)
        self._open.clear()
        for trace in self._ended:
            shutil.copy(trace, folder)
        return cookies

    async def _end(self, context: BrowserContext) -> None:
        trace = Path(self._scratch.name) / f"trace-{len(self._ended) + 1}.zip"
        with suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(TRACE_SECONDS):
                await context.tracing.stop(path=trace)
                self._ended.append(trace)
