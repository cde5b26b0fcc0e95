"""The pool of tabs: one an account, kept signed in between jobs, retired before it grows fat."""

import asyncio
from collections import OrderedDict
from typing import Any

from playwright.async_api import Error as PlaywrightError

from huntaze_scraper.errors import BrowserUnavailable, PageBroken, SignInAgain, SiteError
from huntaze_scraper.onlyfans import browser as browsers
from huntaze_scraper.onlyfans import classification
from huntaze_scraper.onlyfans.browser import Browser, Generation
from huntaze_scraper.onlyfans.outbox import Outbox
from huntaze_scraper.onlyfans.session_state import SessionState, put_session_storage
from huntaze_scraper.onlyfans.site import API_KEY_HEADER, Site
from huntaze_scraper.onlyfans.tab import Tab

JOBS_A_CONTEXT = 100
"""Chromium frees requests and documents only with their context."""


class Tabs:
    """Keeps the tabs that were used last."""

    def __init__(self, browser: Browser, site: Site, most_kept: int) -> None:
        """Open tabs in ``browser``, and keep at most ``most_kept`` that nobody uses."""
        self._browser = browser
        self._site = site
        self._most_kept = most_kept
        self._idle: OrderedDict[str, Tab] = OrderedDict()
        self._homes: dict[Tab, Generation] = {}

    async def take(self, account: str) -> Tab | None:
        """Return the account's tab if there is one in good order; nobody else has it until it is kept again."""
        tab = self._idle.pop(account, None)
        if tab is None:
            return None
        if not tab.usable or tab.uses >= JOBS_A_CONTEXT or self._homes[tab].worn:
            await self.discard(tab)
            return None
        self._use(tab)
        return tab

    async def open(self, state: SessionState | None, api_key: str) -> Tab:
        """Open a new tab with a session's storage state, or with none.

        Raises:
            SignInAgain: the browser does not take the state, which another version may have kept.
            PageBroken: the browser broke while it opened.
            BrowserUnavailable: there is no browser, or none that opens a page.
        """
        try:
            generation, context = await self._browser.open(state)
        except (PlaywrightError, TimeoutError) as error:
            raise await self._no_page(state, error) from None
        try:
            async with asyncio.timeout(browsers.OPEN_SECONDS):
                page = await context.new_page()
                await put_session_storage(page, state or {})
                outbox = await Outbox.open(page, self._site.outgoing_pattern)
                await generation.pop_ups.guard(context, outbox)
                tab = Tab(self._site, context, page, outbox, api_key)
                tab.locale, tab.time_zone = self._browser.locale, self._browser.time_zone
                if api_key:
                    await context.route(self._site.api_pattern, lambda route: _with_key(route, tab))
        except (PlaywrightError, TimeoutError) as error:
            self._browser.replace(generation)
            await self._browser.shut(generation, context)
            raise await self._no_page(state, error) from None
        self._homes[tab] = generation
        self._use(tab)
        return tab

    async def keep(self, account: str, tab: Tab) -> None:
        """Keep a tab for the account's next job."""
        if account in self._idle or self._homes[tab].worn:
            await self.discard(tab)
            return
        self._idle[account] = tab
        while len(self._idle) > self._most_kept:
            _, oldest = self._idle.popitem(last=False)
            await self.discard(oldest)

    async def discard(self, tab: Tab) -> None:
        """Close a tab and its context in bounded time."""
        generation = self._homes.pop(tab, None)
        if generation is not None:
            await self._browser.shut(generation, tab.context)

    async def replace_browser(self, tab: Tab) -> None:
        """Have the next tabs opened in a new Chromium; the old one ends with the jobs that still run in it."""
        generation = self._homes.get(tab)
        if generation is None:
            return
        self._browser.replace(generation)
        for account, idle in list(self._idle.items()):
            if self._homes[idle] is generation:
                del self._idle[account]
                await self.discard(idle)

    async def _no_page(self, state: SessionState | None, error: Exception) -> SiteError | BrowserUnavailable:
        """Tell whose trouble it is: the session's, this one Chromium's, or that none opens a page for anybody."""
        if state and isinstance(error, PlaywrightError) and not classification.says_gone(error.message):
            return SignInAgain("the browser does not take the session that was kept")
        if await self._browser.make_ready():
            return PageBroken("no page can be opened")
        return BrowserUnavailable("Chromium opens no page")

    def _use(self, tab: Tab) -> None:
        tab.uses += 1
        self._homes[tab].jobs += 1


async def _with_key(route: Any, tab: Tab) -> None:
    await route.continue_(headers={**route.request.headers, API_KEY_HEADER.lower(): tab.api_key})
