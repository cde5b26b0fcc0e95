"""One page of one account, in our words: what an action may do, with the site's answers as our errors."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import APIResponse, BrowserContext, Locator, Page, Request, Response
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from huntaze_scraper.errors import NoAnswer, OddPage, PageBroken, Refused, SignInAgain, SiteError, TryAgainLonger
from huntaze_scraper.onlyfans import classification, page_headers, sight, signs
from huntaze_scraper.onlyfans.cookies import Cookies
from huntaze_scraper.onlyfans.dialogs import Dialogs
from huntaze_scraper.onlyfans.outbox import Outbox, Posting
from huntaze_scraper.onlyfans.signs import watched
from huntaze_scraper.onlyfans.site import API_KEY_HEADER, Element, Site
from huntaze_scraper.onlyfans.witness import witnessed

SETTLE_SECONDS = 15.0
"""How long a page that came whole may take to show what we look for, before it counts as another page."""
PROBE_SECONDS = 5.0
SECOND_LOOK_SECONDS = 2.5
"""How long a page is looked at, and then the account's own, before a refusal counts as one."""
GRACE_SECONDS = 5.0
HOLDS_SECONDS = 60.0
"""How long a session that was found to hold needs no second look."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site answered to one request, when that was no error."""

    status: int
    body: Any = field(repr=False)
    date: str = ""
    """The site's clock, as it stands in the header."""


class Tab:
    """A page signed in as one account. After an error that is not a plain answer it must not be used again."""

    def __init__(self, site: Site, context: BrowserContext, page: Page, outbox: Outbox, api_key: str = "") -> None:
        """Watch over ``page``, the one page of ``context``, and send what it posts by ``outbox``."""
        self.site = site
        self.context = context
        self.page = page
        self.outbox = outbox
        self.api_key = api_key
        self.locale, self.time_zone = "", ""
        self.session_version = 0
        self.uses = 0
        self.signing_in = False
        """Whether the log-in form is what is looked for."""
        self.dialogs = Dialogs(context)
        self.crashed = asyncio.get_running_loop().create_future()
        self._until = 0.0
        self._bound = asyncio.timeout(None)
        self._held_at = float("-inf")
        self._sent: dict[str, str] = {}
        page.on("crash", lambda _: self._break("the page crashed"))
        page.on("close", lambda _: self._break("the page was closed"))

    @property
    def usable(self) -> bool:
        """Whether the page and its browser are there."""
        browser = self.context.browser
        return not self.crashed.done() and not self.page.is_closed() and bool(browser and browser.is_connected())

    @asynccontextmanager
    async def within(self, seconds: float, request: str) -> AsyncIterator[None]:
        """Bound what is done inside, and turn the browser's errors into ours.

        Raises:
            SiteError: the class of what happened; a broken page comes with its picture.
        """
        self._until = time.monotonic() + seconds
        try:
            try:
                async with asyncio.timeout(seconds + GRACE_SECONDS) as self._bound:
                    yield
            except (PlaywrightTimeout, TimeoutError):
                raise await self._late(request) from None
            except PlaywrightError as error:
                raise classification.of_browser(error.message, request, timed_out=False, responsive=True) from None
        except PageBroken as error:
            error.picture = await self._picture()
            raise

    async def aside[Kept](self, ours: Callable[[], Awaitable[Kept]]) -> Kept:
        """Do something of ours amid what ``within`` bounds: the time that a store takes is not the site's."""
        began = time.monotonic()
        self._bound.reschedule(None)
        try:
            return await ours()
        finally:
            self._until += time.monotonic() - began
            self._bound.reschedule(asyncio.get_running_loop().time() + self._left() / 1000 + GRACE_SECONDS)

    async def open(self, url: str) -> None:
        """Go to a page of the site."""
        request = f"GET {urlsplit(url).path}"
        with witnessed(request) as asked:
            try:
                response = await self.page.goto(url, wait_until="commit", timeout=self._left())
            except PlaywrightTimeout:
                # Chromium tells its page nothing while it goes elsewhere: there is no asking whether the page hangs.
                raise self._crash_error(request) or NoAnswer("no answer in time", request=request) from None
            if response is not None:
                asked.answered(response.status, response.headers, response.request.timing["responseStart"])
        if response is not None:
            self._sent = response.request.headers
            self._judge(response.status, response.headers, request)
        if self.site.is_login(self.page.url) and not self.site.is_login(url):
            raise SignInAgain("the site wants a log-in", status=401, request=request)

    async def fill(self, selector: str, text: str) -> str:
        """Type a text, and return what the field holds then."""
        field_ = self._visible(selector)
        async with self._shown(selector) as patience:
            await field_.fill(text, timeout=patience)
        return await field_.input_value(timeout=self._left())

    async def click_for(self, selector: str, path: str) -> None:
        """Click, and judge the site's answer to the POST that the page then sends to the path.

        Of an answer on which the page goes elsewhere no body is left to read.
        """
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        request_line = f"POST {path}"

        def ours(request: Request) -> bool:
            return request.method == "POST" and urlsplit(request.url).path == path and not answered.done()

        def on_response(response: Response) -> None:
            if ours(response.request):
                answered.set_result(response)

        def on_failed(request: Request) -> None:
            if ours(request):
                answered.set_exception(
                    classification.of_browser(
                        request.failure or "net::ERR_FAILED", request_line, timed_out=False, responsive=True
                    )
                )

        self.page.on("response", on_response)
        self.page.on("requestfailed", on_failed)
        try:
            with witnessed(request_line) as asked:
                response = await self._click(selector, answered, request_line)
                asked.answered(response.status, response.headers, response.request.timing["responseStart"])
            self._judge(response.status, response.headers, request_line)
        finally:
            self.page.remove_listener("response", on_response)
            self.page.remove_listener("requestfailed", on_failed)
            if answered.done() and not answered.cancelled():
                answered.exception()

    async def compose(self, selector: str, path: str) -> Posting:
        """Click, and return what the page then wants to post to the path. Nothing of it has left.

        Raises:
            OddPage: the page wants to post nothing.
        """
        request = f"POST {path}"
        with self.outbox.asking(path) as asked, self.dialogs.ours():
            async with self._shown(selector) as patience:
                await self._visible(selector).click(timeout=patience, no_wait_after=True)
            patience = min(self._left() / 1000, SETTLE_SECONDS)
            await asyncio.wait((asked, self.crashed), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                return asked.result()
            if self.crashed.done() or not await self._responsive():
                raise self._crash_error(request) or PageBroken("the page hangs", request=request)
            asks = f", and asks by {self.dialogs.refused[0]}()" if self.dialogs.refused else ""
            raise OddPage(f"the page posts nothing after the click{asks}", request=request)

    async def post(self, posting: Posting, path: str) -> Answer:
        """Send what a page wanted to post, once, and return the site's answer.

        Raises:
            Unanswered: a gateway answered in the site's place.
        """
        return await self._ask(f"POST {path}", posting.url, self._left(), "POST", posting.headers, posting.body)

    async def _click[Found](self, selector: str, awaited: asyncio.Future[Found], request: str) -> Found:
        async with self._shown(selector) as patience:
            await self._visible(selector).click(timeout=patience, no_wait_after=True)
        ended = (awaited, self.crashed)
        async with watched(self._look):
            await asyncio.wait(ended, timeout=self._left() / 1000, return_when=asyncio.FIRST_COMPLETED)
        if not awaited.done():
            raise self._crash_error(request) or PlaywrightTimeout("no answer")
        return awaited.result()

    async def get(self, url: str, seconds: float) -> Answer:
        """Ask the site's API, with the session and the API key."""
        headers = page_headers.of_reading(url, self.site.reader(url), {"accept-language": self.locale} | self._sent)
        return await self._ask(f"GET {urlsplit(url).path}", url, seconds * 1000, headers=headers)

    async def get_json(self, url: str, seconds: float) -> Any:
        """Ask the site's API for a body alone."""
        return (await self.get(url, seconds)).body

    async def _ask(
        self,
        request: str,
        url: str,
        milliseconds: float,
        method: str = "GET",
        headers: Mapping[str, str] = MappingProxyType({}),
        body: bytes | None = None,
    ) -> Answer:
        """Ask the site by a client beside the browser, which has the session's cookies and never asks twice."""
        key = {API_KEY_HEADER.lower(): self.api_key} if self.api_key else {}
        try:
            # Playwright's own limit is on silence: an answer that drips is none in time, either.
            with witnessed(request, len(body or b"")) as asked:
                async with asyncio.timeout(milliseconds / 1000):
                    response = await self.context.request.fetch(
                        url,
                        method=method,
                        headers={**headers, **key},
                        data=body,
                        timeout=milliseconds,
                        max_redirects=0,
                        max_retries=0,
                    )
                    asked.answered(response.status, response.headers)
                    return await self._read(response, request, is_effect=method == "POST")
        except (PlaywrightTimeout, TimeoutError):
            raise NoAnswer("no answer in time", request=request) from None
        except PlaywrightError as error:
            raise classification.of_browser(error.message, request, timed_out=False, responsive=True) from None

    async def cookies(self) -> Cookies:
        """Return the session's cookies, for a client that is not the browser."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return Cookies([dict(each) for each in await self.context.cookies()])
        except PlaywrightError as error:
            raise classification.of_browser(error.message, "", timed_out=False, responsive=True) from None
        except TimeoutError:
            raise PageBroken("the browser does not tell its cookies") from None

    async def read(self, elements: Mapping[str, Element], is_doubtful: Callable[[sight.Texts], bool]) -> sight.Texts:
        """Return what a person sees in elements, once it stands still; bounds and errors are those of ``sight.read``."""
        selectors = [element.selector for element in elements.values()]

        async def look() -> sight.Look:
            return sight.Look.read(await self.page.evaluate(sight.LOOK, selectors))

        first = next(element.selector for element in elements.values() if element.is_required)
        async with self._shown(first) as patience:
            await self._visible(first).first.wait_for(timeout=patience)
        seconds = min(self._left() / 1000, SETTLE_SECONDS)
        async with watched(self._look):
            return await sight.read(look, elements, is_doubtful, seconds, f"GET {urlsplit(self.page.url).path}")

    async def screenshot(self) -> bytes:
        """Return the page as PNG."""
        return await self.page.screenshot(full_page=False, timeout=self._left(), type="png")

    def _visible(self, selector: str) -> Locator:
        return self.page.locator(selector).filter(visible=True)

    @asynccontextmanager
    async def _shown(self, selector: str) -> AsyncIterator[float]:
        """Give an element time to be there, in milliseconds; find out why it is not.

        Raises:
            OddPage: it is not, though the page came whole: the site looks different.
            SignInAgain: the log-in is there instead, or came over it.
            HumanWanted: the challenge is there instead.
        """
        left, patience = self._left(), SETTLE_SECONDS * 1000
        try:
            async with watched(self._look):
                yield min(left, patience)
        except PlaywrightTimeout:
            request = f"GET {urlsplit(self.page.url).path}"
            if left < patience or self.crashed.done() or not await self._responsive():
                raise
            seen = await self._look()
            if seen is not None:
                raise seen from None
            if await self.page.evaluate("document.readyState") != "loading":
                raise OddPage(f"missing selector {selector}", request=request) from None
            raise

    async def _look(self) -> SiteError | None:
        return await signs.seen(self.page, self.site, wants_login=self.signing_in)

    async def reconsider(self, refusal: Refused) -> SiteError:
        """Return what a refusal is: an answer to the job; or, from a session that is over, no more than that.

        Sites say so with whatever status, and show their log-in where the page is, now or a moment later. A session
        that still holds is shown its own conversations.
        """
        now = time.monotonic()
        if refusal.status is None or now - self._held_at < HOLDS_SECONDS:
            return refusal
        for address in ("", self.site.chats):
            if not address and not self.page.url.startswith(self.site.origin):
                continue
            try:
                async with self.within(SETTLE_SECONDS, refusal.request), watched(self._look):
                    if address:
                        await self.open(address)
                    await asyncio.sleep(SECOND_LOOK_SECONDS)
            except Refused as again:
                return SignInAgain("the account's own page is refused", status=again.status, request=again.request)
            except SiteError as error:
                return error
        self._held_at = now
        return refusal

    async def _read(self, response: APIResponse, request: str, *, is_effect: bool) -> Answer:
        if is_effect and response.status >= HTTPStatus.BAD_REQUEST:
            is_sites = Site.is_own_error(await _json(response))
            error = classification.of_effect(response.status, response.headers, request, time.time(), is_sites=is_sites)
            if error:
                raise error
        self._judge(response.status, response.headers, request)
        if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
            raise SignInAgain("the site sends the request elsewhere", status=response.status, request=request)
        body = await _json(response)
        if body is None:
            raise TryAgainLonger("the answer broke off", status=response.status, request=request)
        return Answer(response.status, body, response.headers.get("date", ""))

    def _judge(self, status: int, headers: dict[str, str], request: str) -> None:
        error = classification.of_status(status, headers, request, time.time())
        if error:
            raise error

    def _left(self) -> float:
        """Milliseconds until the bound, at least one: Playwright takes 0 for never."""
        return max((self._until - time.monotonic()) * 1000, 1.0)

    async def _late(self, request: str) -> SiteError:
        crash = self._crash_error(request)
        return crash or classification.of_browser("", request, timed_out=True, responsive=await self._responsive())

    async def _responsive(self) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return bool(await self.page.evaluate("1"))
        except (TimeoutError, PlaywrightError):
            return False

    async def _picture(self) -> bytes:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await self.page.screenshot() if self.usable else b""
        except (TimeoutError, PlaywrightError):
            return b""

    def _break(self, reason: str) -> None:
        if not self.crashed.done():
            self.crashed.set_result(reason)

    def _crash_error(self, request: str) -> SiteError | None:
        return PageBroken(self.crashed.result(), request=request) if self.crashed.done() else None


async def _json(response: APIResponse) -> Any:
    """Return the body; None where it is none, or not whole."""
    try:
        return await response.json()
    except (PlaywrightError, ValueError):
        return None
