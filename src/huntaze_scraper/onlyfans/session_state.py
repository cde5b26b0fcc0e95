"""What a site keeps in a browser for who is signed in: taken from one context, written down, put into another."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

type SessionState = dict[str, Any]
"""Playwright's storage state, and by ``session_storage`` what the page had there: origin, then names and values."""

SESSION_STORAGE = "session_storage"
QUIET_SECONDS = 5.0
"""How long a page that was just signed in may take until nothing more comes: what it keeps, its scripts write."""
DATABASES_SECONDS = 10.0
TAKES = 3

_SHORTEST_COOKIE = 12
_LENGTHS_OF_SECRETS = range(16, 4097)
_MOST_SECRETS = 100


async def take(context: BrowserContext, page: Page) -> SessionState:
    """Return what the site keeps: cookies, local storage, databases, and the page's session storage."""
    with suppress(PlaywrightTimeout):  # it goes on loading: what it has kept by now must do
        await page.wait_for_load_state("networkidle", timeout=QUIET_SECONDS * 1000)
    state = await _storage_state(context)
    origin, items = await _session_storage(page)
    return {**state, SESSION_STORAGE: {origin: items} if items else {}}


async def put_session_storage(page: Page, state: SessionState) -> None:
    """Give a new page the session storage that the page of the log-in had; all else goes into its context.

    A script that did so in every document would bring back what the site has taken away since.
    """
    for origin, items in state.get(SESSION_STORAGE, {}).items():
        place = f"{origin}/"
        await page.route(place, lambda route: route.fulfill(body="", content_type="text/html"))
        await page.goto(place)
        await page.evaluate(
            "items => { for (const [name, value] of items) sessionStorage.setItem(name, value) }", items
        )
        await page.unroute(place)


def pack(state: SessionState) -> bytes:
    """Write a state down."""
    return gzip.compress(json.dumps(state).encode())


def unpack(packed: bytes) -> SessionState | None:
    """Read a state; None where it is none that this version can read."""
    try:
        state = json.loads(gzip.decompress(packed))
    except (ValueError, EOFError, OSError, zlib.error):
        return None
    is_whole = isinstance(state, dict) and all(isinstance(state.get(name), list) for name in ("cookies", "origins"))
    return state if is_whole and isinstance(state.get(SESSION_STORAGE, {}), dict) else None


def secrets_of(state: SessionState) -> Iterator[str]:
    """Yield what in a state may be a secret: cookies but for settings and numbers, and the shorter texts of the storages.

    A theme's or a language's name, or the number of a user, would be gone from every line of the log.
    """
    for cookie in state["cookies"]:
        value = str(cookie.get("value"))
        if len(value) >= _SHORTEST_COOKIE or (cookie.get("httpOnly") and not value.isdigit()):
            yield value
    stored = [item["value"] for origin in state["origins"] for item in origin.get("localStorage", [])]
    stored += [value for items in state.get(SESSION_STORAGE, {}).values() for _, value in items]
    yield from [value for value in stored if len(value) in _LENGTHS_OF_SECRETS][:_MOST_SECRETS]


async def _storage_state(context: BrowserContext) -> SessionState:
    try:
        async with asyncio.timeout(DATABASES_SECONDS):
            return dict(await context.storage_state(indexed_db=True))
    except (PlaywrightError, TimeoutError):
        # A database may hold what cannot be written down, or too much: that must not cost the log-in.
        return dict(await context.storage_state())


async def _session_storage(page: Page) -> tuple[str, list[list[str]]]:
    for left in reversed(range(TAKES)):
        try:
            found: tuple[str, list[list[str]]] = await page.evaluate(
                "[location.origin, Object.entries(sessionStorage)]"
            )
        except PlaywrightError:
            # The page went elsewhere meanwhile, as pages do after a log-in.
            if not left:
                raise
            await page.wait_for_load_state("domcontentloaded", timeout=QUIET_SECONDS * 1000)
        else:
            return found[0], found[1]
    raise AssertionError
