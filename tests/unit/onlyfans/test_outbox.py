"""What leaves a page: with a session that only notes what the browser is told."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any, cast

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

from huntaze_scraper.onlyfans.outbox import Outbox, Posting

PATH = "/api/chats/a%20b/messages"
END = ("Fetch.failRequest", {"requestId": "1", "errorReason": "Aborted"})


class StubSession:
    """The browser's side; ``given`` is what had been given out by the time of each order."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, dict[str, Any]]] = []
        self.is_gone = False
        self.given: Callable[[], bool] = bool
        self.was_given: list[bool] = []

    def on(self, _event: str, listener: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self.pause = listener

    async def send(self, method: str, params: dict[str, Any]) -> None:
        if self.is_gone:
            raise PlaywrightError("Target closed")
        self.orders.append((method, params))
        self.was_given.append(self.given())


def paused(path: str = PATH, method: str = "POST", **request: Any) -> dict[str, Any]:
    asked = {"url": f"https://x.example{path}", "method": method, "headers": {"sign": "s"}} | request
    return {"requestId": "1", "request": asked}


def outbox(session: StubSession) -> Outbox:
    return Outbox(cast("CDPSession", session))


def test_what_is_asked_for_is_ended_in_the_browser_and_then_given_out() -> None:
    """In this order: whoever dies between the two leaves nothing that the browser would yet send."""

    async def scenario() -> None:
        session = StubSession()
        with outbox(session).asking(PATH) as asked:
            session.given = asked.done
            pieces = [{"bytes": base64.b64encode(each).decode()} for each in ('{"text": "é'.encode(), b'"}')]
            await session.pause(paused(postDataEntries=pieces))
            metadata = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
            sent = Posting(f"https://x.example{PATH}", {"sign": "s"} | metadata, '{"text": "é"}'.encode())
            assert asked.result() == sent
        assert session.orders == [END]
        assert session.was_given == [False]

    asyncio.run(scenario())


def test_a_path_is_the_same_however_it_is_spelt() -> None:
    """A page may encode other letters than we do."""

    async def scenario() -> None:
        session = StubSession()
        with outbox(session).asking("/api/chats/a%21b/messages") as asked:
            await session.pause(paused("/api/chats/a!b/messages?v=2", postData="x"))
            assert asked.result().body == b"x"

    asyncio.run(scenario())


def test_what_nobody_asked_for_is_ended_too() -> None:
    """A second one, another conversation's, one after the job: none leaves, none is given out."""

    async def scenario() -> None:
        session = StubSession()
        its = outbox(session)
        with its.asking(PATH) as asked:
            await session.pause(paused("/api/chats/another/messages"))
            assert not asked.done()
            await session.pause(paused(postData="first"))
            await session.pause(paused(postData="second"))
            assert asked.result().body == b"first"
        await session.pause(paused())
        assert session.orders == [END] * 4

    asyncio.run(scenario())


def test_what_a_page_reads_goes_on() -> None:
    """Earlier messages, and a preflight."""

    async def scenario() -> None:
        session = StubSession()
        with outbox(session).asking(PATH) as asked:
            await session.pause(paused(method="GET"))
            assert not asked.done()
        assert session.orders == [("Fetch.continueRequest", {"requestId": "1"})]

    asyncio.run(scenario())


def test_what_could_not_be_ended_is_not_given_out() -> None:
    """The page is gone, and it is not known what became of its request: nobody may send it as well."""

    async def scenario() -> None:
        session = StubSession()
        session.is_gone = True
        with outbox(session).asking(PATH) as asked:
            await session.pause(paused())
            assert not asked.done()

    asyncio.run(scenario())
