"""The way by which messages leave a page: each request once, whatever becomes of page, browser and connection."""

import asyncio
import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from huntaze_scraper.onlyfans import page_headers


@dataclass(frozen=True, slots=True)
class Posting:
    """What a page was about to post."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Outbox:
    """Takes a page's POSTs to some addresses from its browser, and gives out the one that is asked for.

    Chromium sends a request again by itself, a POST too, when a connection that it kept open is reset before
    a byte of the answer came, and it sends one that is held back when whoever holds it dies. So each is ended in
    the browser first; whoever is given it may then send it, once. What nobody asked for does not leave at all.
    """

    def __init__(self, session: CDPSession) -> None:
        """Listen to a session of the page; see ``open``."""
        self._session = session
        self._asked: tuple[str, asyncio.Future[Posting]] | None = None
        session.on("Fetch.requestPaused", self._on_paused)

    @classmethod
    async def open(cls, page: Page, pattern: str) -> "Outbox":
        """Take over a page's POSTs to the addresses of a pattern, in which ``*`` is any text, while the page lives."""
        session = await page.context.new_cdp_session(page)
        outbox = cls(session)
        await session.send("Fetch.enable", {"patterns": [{"urlPattern": pattern}]})
        return outbox

    @contextmanager
    def asking(self, path: str) -> Iterator[asyncio.Future[Posting]]:
        """Have the first POST to a path, which nobody else will send."""
        posting: asyncio.Future[Posting] = asyncio.get_running_loop().create_future()
        self._asked = unquote(path), posting
        try:
            yield posting
        finally:
            self._asked = None
            posting.cancel()

    async def context_id(self) -> str:
        """Return Chromium's name for the page's context."""
        target = await self._session.send("Target.getTargetInfo")
        return str(target["targetInfo"]["browserContextId"])

    async def end(self, session: CDPSession, event: Mapping[str, Any]) -> None:
        """End a request that is held back by a session, and give it out where it is the one that is asked for."""
        asked = self._asked
        posting = await end(session, event)
        if posting and asked and asked[0] == unquote(urlsplit(posting.url).path) and not asked[1].done():
            asked[1].set_result(posting)

    async def _on_paused(self, event: dict[str, Any]) -> None:
        await self.end(self._session, event)


async def end(session: CDPSession, event: Mapping[str, Any]) -> Posting | None:
    """End a POST that a session holds back, and return it; let go on what is none."""
    request, paused = event["request"], {"requestId": event["requestId"]}
    try:
        if request["method"] != "POST":
            await session.send("Fetch.continueRequest", paused)
            return None
        await session.send("Fetch.failRequest", paused | {"errorReason": "Aborted"})
    except PlaywrightError:
        return None  # the page is gone: whoever waits for it knows
    headers = page_headers.of_posting(request["url"], request["headers"], event.get("resourceType", ""))
    return Posting(request["url"], headers, _body(request))


def _body(request: Mapping[str, Any]) -> bytes:
    pieces = request.get("postDataEntries")
    if pieces:
        return b"".join(base64.b64decode(piece["bytes"]) for piece in pieces)
    return str(request.get("postData", "")).encode()
