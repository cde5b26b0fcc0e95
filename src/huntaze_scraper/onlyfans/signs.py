"""What a page shows instead of what is looked for: the log-in, or the question whether a human is there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from huntaze_scraper.errors import HumanWanted, SignInAgain, SiteError
from huntaze_scraper.onlyfans.site import CHALLENGE, LOGIN_SHOWN, Site

LOOK_SECONDS = 1.0
"""How often a page is looked at while something else is waited for; most waits are shorter."""
SIGHT_SECONDS = 5.0

type Look = Callable[[], Awaitable[SiteError | None]]


async def seen(page: Page, site: Site, *, wants_login: bool = False) -> SiteError | None:
    """Return what the page asks for, wherever in it, and at whatever address; None where it asks for nothing.

    Args:
        page: any page of the site.
        site: its addresses.
        wants_login: whether the log-in is what is looked for.
    """
    request = f"GET {urlsplit(page.url).path}"
    try:
        async with asyncio.timeout(SIGHT_SECONDS):
            for frame in page.frames:
                if await frame.locator(CHALLENGE).count():
                    return HumanWanted("the site asks whether a human is there", request=request)
                if not wants_login and await frame.locator(LOGIN_SHOWN).locator("visible=true").count():
                    return SignInAgain("the page turned into the log-in", request=request)
    except (PlaywrightError, TimeoutError):
        pass  # it goes elsewhere, hangs or is gone, which others find out
    if site.is_login(page.url) and not wants_login:
        return SignInAgain("the page went to the log-in", request=request)
    return None


@asynccontextmanager
async def watched(look: Look) -> AsyncIterator[None]:
    """Look again and again while something inside is waited for; what is seen ends the wait.

    Raises:
        SiteError: what was seen.
    """
    waiting = cast("asyncio.Task[Any]", asyncio.current_task())
    before, found = waiting.cancelling(), list[SiteError]()

    async def watch() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            sight = await look()
            if sight is not None:
                found.append(sight)
                waiting.cancel()
                return

    watching = asyncio.create_task(watch(), name="watch over a page")
    try:
        yield
    except asyncio.CancelledError:
        if found and waiting.uncancel() <= before:
            raise found[0] from None
        raise
    else:
        if found:
            waiting.uncancel()
    finally:
        watching.cancel()
