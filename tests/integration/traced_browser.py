"""The scraper's browser with Playwright's traces: of every context that a test opens, kept where the test fails."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from emulator.harness.artefacts.in_task.task_traces import ContextTraces
from huntaze_scraper.onlyfans.browser import Browser, Generation

PICTURE_SECONDS = 5.0


class TracedBrowser(Browser):
    """Traces contexts from their opening."""

    def __init__(self, executable: str) -> None:
        self._scratch = TemporaryDirectory(prefix="huntaze-traces-")
        super().__init__(executable)
        self.forget()

    async def _launch(self, **options: Any) -> Any:
        # Playwright's own folder goes with a Chromium that is killed, and its driver dies of a trace without a folder.
        return await super()._launch(traces_dir=self._scratch.name, **options)

    def forget(self) -> None:
        """Keep nothing of what was opened before."""
        self._open: list[BrowserContext] = []
        self._traces = ContextTraces(Path(self._scratch.name))

    @property
    def contexts(self) -> list[BrowserContext]:
        """Those that are open."""
        return list(self._open)

    async def open(self, state: Any) -> tuple[Generation, BrowserContext]:
        generation, context = await super().open(state)
        await self._traces.begin(context)
        self._open.append(context)
        return generation, context

    async def shut(self, generation: Generation, context: BrowserContext) -> None:
        await self._traces.end(context)
        if context in self._open:
            self._open.remove(context)
        await super().shut(generation, context)

    async def close(self) -> None:
        await super().close()
        self._scratch.cleanup()

    async def keep(self, folder: Path) -> list[str]:
        """Put pictures of all open pages and all traces into the folder; return the cookies that they may hold."""
        cookies: list[str] = []
        for number, context in enumerate(self._open, 1):
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(PICTURE_SECONDS):
                    cookies += [it["value"] for it in await context.cookies()]
                    for which, page in enumerate(context.pages, 1):
                        await page.screenshot(path=folder / f"browser-{number}-page-{which}.png")
        for number, trace in enumerate(await self._traces.write_all(), 1):
            shutil.copy(trace.file, folder / f"trace-{number}.zip")
        return cookies
