"""Pages that a page opens beside itself: soon closed, and under the same rule for what they post."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from huntaze_scraper.onlyfans.outbox import Outbox, end

STAY_SECONDS = 2.0
"""How long a pop-up stays: what a click had it post is given out meanwhile."""
MOST_OPEN = 3
"""In one context; one more closes the oldest of them."""
CLOSE_SECONDS = 5.0


class PopUps:
    """The pop-ups of one Chromium.

    A page's own session with Chromium comes too late for what a new window asks first, such as the POST of a form with
    ``target=_blank``. So a session with the whole Chromium takes what those of the pages leave over.
    """

    def __init__(self, session: CDPSession) -> None:
        """Listen to a session of the Chromium; see ``watch``."""
        self._session = session
        self._outboxes: dict[str, Outbox] = {}
        session.on("Fetch.requestPaused", self._on_paused)

    @classmethod
    async def watch(cls, chromium: Chromium, pattern: str) -> "PopUps":
        """Take over every page's POSTs to the addresses of a pattern, unless its own outbox did."""
        session = await chromium.new_browser_cdp_session()
        pop_ups = cls(session)
        await session.send("Fetch.enable", {"patterns": [{"urlPattern": pattern}]})
        return pop_ups

    async def guard(self, context: BrowserContext, outbox: Outbox) -> None:
        """Close what opens in a context beside its page, and give what it posts to the page's outbox."""
        name = await outbox.context_id()
        self._outboxes[name] = outbox

        def forget(_: BrowserContext) -> None:
            self._outboxes.pop(name, None)

        opened: deque[Page] = deque()

        async def on_page(page: Page) -> None:
            opened.append(page)
            if len(opened) > MOST_OPEN:
                await _close(opened.popleft())
            await asyncio.sleep(STAY_SECONDS)
            if page in opened:
                opened.remove(page)
                await _close(page)

        context.on("close", forget)
        context.on("page", on_page)

    async def _on_paused(self, event: dict[str, Any]) -> None:
        outbox = None
        with suppress(PlaywrightError):  # a frame within a pop-up is no target of its own
            target = await self._session.send("Target.getTargetInfo", {"targetId": event.get("frameId", "")})
            outbox = self._outboxes.get(target["targetInfo"].get("browserContextId", ""))
        await (outbox.end(self._session, event) if outbox else end(self._session, event))


async def _close(page: Page) -> None:
    with suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await page.close()
