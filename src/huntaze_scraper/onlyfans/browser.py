"""One Chromium a task: started, watched, replaced without taking the other tabs with it, closed in bounded time."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import structlog
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from huntaze_scraper.errors import BrowserUnavailable
from huntaze_scraper.onlyfans.driver import Driver
from huntaze_scraper.onlyfans.pop_ups import PopUps
from huntaze_scraper.onlyfans.site import Site
from huntaze_scraper.settings import InvalidSettings

JOBS_A_BROWSER = 1000
CONTEXTS_A_BROWSER = 200
"""After so many jobs, or contexts, a Chromium is replaced: what it leaks is freed only with its process."""
CLOSE_SECONDS = 5.0
LAUNCH_SECONDS = 60.0
OPEN_SECONDS = 60.0
"""A Chromium whose helper processes died may open no page any more, and never says so."""
LAST_WORDS_SECONDS = 150.0
"""How long a replaced Chromium may go on for the jobs that still use it."""
FLAGS = (
    "--disable-dev-shm-usage",  # Fargate cannot enlarge /dev/shm
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--mute-audio",
)

log = structlog.stdlib.get_logger(__name__)


class Generation:
    """One Chromium process and what is open in it."""

    def __init__(self, number: int, chromium: Chromium, pop_ups: PopUps) -> None:
        """Count from nothing."""
        self.number = number
        self.chromium = chromium
        self.pop_ups = pop_ups
        self.contexts: set[BrowserContext] = set()
        self.opened = 0
        self.jobs = 0
        self.retired = False

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self.chromium.is_connected()

    @property
    def worn(self) -> bool:
        """Whether it did its share."""
        return self.retired or self.jobs >= JOBS_A_BROWSER or self.opened >= CONTEXTS_A_BROWSER


class Browser:
    """The task's Chromium. A replaced one goes on until its last context is closed."""

    def __init__(self, executable: str = "", locale: str = "en-US", time_zone: str = "UTC") -> None:
        """Start nothing yet; an empty ``executable`` is Playwright's own Chromium. Pages see locale and time zone."""
        self._executable = executable
        self.locale, self.time_zone = locale, time_zone
        self._driver = Driver()
        self._generation: Generation | None = None
        self._starting = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self.failed_starts = 0
        """How many starts in a row failed, up to now."""

    @property
    def alive(self) -> bool:
        """Whether a Chromium runs."""
        return self._generation is not None and self._generation.alive

    async def start(self) -> Generation:
        """Return the Chromium in use, after starting one if need be.

        Raises:
            BrowserUnavailable: it does not start.
        """
        async with self._starting:
            current = self._generation
            if current and current.alive and not current.worn:
                return current
            try:
                chromium = await self._launch()
                pop_ups = await PopUps.watch(chromium, Site.outgoing_pattern)
            except (PlaywrightError, BrowserUnavailable, TimeoutError):
                self.failed_starts += 1
                log.warning("browser_not_started", failed_starts=self.failed_starts)
                raise BrowserUnavailable("Chromium does not start") from None
            self.failed_starts = 0
            self._generation = Generation((current.number if current else 0) + 1, chromium, pop_ups)
            log.info("browser_started", generation=self._generation.number, version=chromium.version)
            if current:
                self._retire(current)
            return self._generation

    async def make_ready(self) -> bool:
        """Tell whether a job could have a page now, after starting what is missing for it."""
        if self._generation and not await self._driver.answers():
            self.replace(self._generation)
        try:
            generation, context = await self.open(None)
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    await context.new_page()
            finally:
                await self.shut(generation, context)
        except (BrowserUnavailable, PlaywrightError, TimeoutError):
            return False
        return True

    async def require_place(self) -> None:
        """Raise InvalidSettings where Chromium knows no such locale or time zone: it would open no page."""
        try:
            generation, context = await self.open(None)
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    await context.new_page()
            finally:
                await self.shut(generation, context)
        except PlaywrightError as error:
            if "Invalid" in error.message:
                raise InvalidSettings("Chromium does not know BROWSER_LOCALE or BROWSER_TIME_ZONE") from None
        except TimeoutError:
            return  # of a Chromium that opens nothing, others find out

    def replace(self, generation: Generation) -> None:
        """Let the next tab have a new Chromium; done once however many ask."""
        if not generation.retired:
            generation.retired = True
            log.warning("browser_to_be_replaced", generation=generation.number, was_alive=generation.alive)

    async def open(self, state: Any) -> tuple[Generation, BrowserContext]:
        """Open a context with the storage state of a session, or with none."""
        generation = await self.start()
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                context = await generation.chromium.new_context(
                    storage_state=state, service_workers="block", locale=self.locale, timezone_id=self.time_zone
                )
        except (PlaywrightError, TimeoutError):
            self.replace(generation)
            raise
        generation.opened += 1
        generation.contexts.add(context)
        return generation, context

    async def shut(self, generation: Generation, context: BrowserContext) -> None:
        """Close a context in bounded time; one that does not close takes its Chromium with it."""
        generation.contexts.discard(context)
        if not await _closed(context.close()) and generation.alive:
            self.replace(generation)
        if generation is not self._generation and not generation.contexts:
            await _closed(generation.chromium.close())

    async def close(self) -> None:
        """Close everything in bounded time."""
        for task in self._closing:
            task.cancel()
        generation, self._generation = self._generation, None
        if generation:
            await _closed(generation.chromium.close())
        await self._driver.stop()

    async def _launch(self, **options: Any) -> Chromium:
        playwright = await self._driver.start()
        async with asyncio.timeout(LAUNCH_SECONDS + CLOSE_SECONDS):
            return await playwright.chromium.launch(
                executable_path=self._executable or None,
                args=list(FLAGS),
                timeout=LAUNCH_SECONDS * 1000,
                # The worker decides when the browser ends, not a signal that also reaches its driver.
                handle_sigterm=False,
                handle_sigint=False,
                handle_sighup=False,
                **options,
            )

    def _retire(self, generation: Generation) -> None:
        generation.retired = True

        async def end() -> None:
            if generation.alive and generation.contexts:
                await asyncio.sleep(LAST_WORDS_SECONDS)
            await _closed(generation.chromium.close())

        task = asyncio.create_task(end(), name=f"end of browser {generation.number}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _closed(closing: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await closing
    except TimeoutError:
        return False
    except PlaywrightError:
        return True
    return True
