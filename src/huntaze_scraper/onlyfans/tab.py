"""One page of one account, in our words: what an action may do, with the site's answers as our errors."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import APIResponse, BrowserContext, Page, Request, Response
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from huntaze_scraper.errors import HumanWanted, NoAnswer, PageBroken, SignInAgain, SiteError, TryAgainLonger
from huntaze_scraper.onlyfans import classification
from huntaze_scraper.onlyfans.cookies import Cookies
from huntaze_scraper.onlyfans.site import API_KEY_HEADER, CHALLENGE, Site

SETTLE_SECONDS = 15.0
"""How long a page that came whole may take to show what we look for, before it counts as another page."""
PROBE_SECONDS = 5.0
GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site answered to one request, when that was no error."""

    status: int
    body: Any = field(repr=False)


class Tab:
    """A page signed in as one account. After an error that is not a plain answer it must not be used again."""

    def __init__(self, site: Site, context: BrowserContext, page: Page, api_key: str = "") -> None:
        """Watch over ``page``, the one page of ``context``."""
        self.site = site
        self.context = context
        self.page = page
        self.api_key = api_key
        self.session_version = 0
        self.uses = 0
        self.crashed = asyncio.get_running_loop().create_future()
        self._until = 0.0
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
                async with asyncio.timeout(seconds + GRACE_SECONDS):
                    yield
            except (PlaywrightTimeout, TimeoutError):
                raise await self._late(request) from None
            except PlaywrightError as error:
                raise classification.of_browser(error.message, request, timed_out=False, responsive=True) from None
        except PageBroken as error:
            error.picture = await self._picture()
            raise

    async def open(self, url: str) -> None:
        """Go to a page of the site."""
        request = f"GET {urlsplit(url).path}"
        try:
            response = await self.page.goto(url, wait_until="commit", timeout=self._left())
        except PlaywrightTimeout:
            # Chromium tells its page nothing while it goes elsewhere: there is no asking whether the page hangs.
            raise self._crash_error(request) or NoAnswer("no answer in time", request=request) from None
        if response is not None:
            self._judge(response.status, response.headers, request)
        if self.site.is_login(self.page.url) and not self.site.is_login(url):
            raise SignInAgain("the site wants a log-in", status=401, request=request)

    async def fill(self, selector: str, text: str) -> str:
        """Type a text, and return what the field holds then."""
        field_ = self.page.locator(selector)
        async with self._shown(selector) as patience:
            await field_.fill(text, timeout=patience)
        return await field_.input_value(timeout=self._left())

    async def click_for(self, selector: str, path: str, *, leaves_page: bool = False) -> Answer:
        """Click, and return the site's answer to the POST that the page then sends to the path.

        Args:
            selector: what to click.
            path: where the page then posts to.
            leaves_page: the page goes elsewhere on success, which takes the answer's body away: it is None then.
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
            async with self._shown(selector) as patience:
                await self.page.locator(selector).click(timeout=patience, no_wait_after=True)
            await asyncio.wait(
                (answered, self.crashed), timeout=self._left() / 1000, return_when=asyncio.FIRST_COMPLETED
            )
            if not answered.done():
                raise self._crash_error(request_line) or PlaywrightTimeout("no answer")
            response = answered.result()
            if leaves_page:
                self._judge(response.status, response.headers, request_line)
                return Answer(response.status, None)
            return await self._read(response, request_line)
        finally:
            self.page.remove_listener("response", on_response)
            self.page.remove_listener("requestfailed", on_failed)
            if answered.done() and not answered.cancelled():
                answered.exception()

    async def leaves_login(self) -> None:
        """Wait until the page has left the log-in form."""
        await self.page.wait_for_url(lambda url: not self.site.is_login(url), timeout=self._left(), wait_until="commit")

    async def leaves_login_or_shows(self, selector: str) -> bool:
        """Tell whether the page leaves the log-in form, or stays and shows something instead."""
        left = asyncio.create_task(self.leaves_login())
        shown = asyncio.create_task(self.page.locator(selector).wait_for(state="visible", timeout=self._left()))
        done, pending = await asyncio.wait((left, shown), return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            task.result()
        return left in done

    async def get_json(self, url: str, seconds: float) -> Any:
        """Ask the site's API, with the session and the API key."""
        request = f"GET {urlsplit(url).path}"
        headers = {API_KEY_HEADER: self.api_key} if self.api_key else {}
        try:
            response = await self.context.request.get(url, headers=headers, timeout=seconds * 1000, max_redirects=0)
            return (await self._read(response, request)).body
        except PlaywrightTimeout:
            raise NoAnswer("no answer in time", request=request) from None
        except PlaywrightError as error:
            raise classification.of_browser(error.message, request, timed_out=False, responsive=True) from None

    async def cookies(self) -> Cookies:
        """Return the session's cookies, for a client that is not the browser."""
        return Cookies([dict(each) for each in await self.context.cookies()])

    async def text(self, selector: str) -> str:
        """Return an element's text."""
        async with self._shown(selector) as patience:
            return (await self.page.locator(selector).first.text_content(timeout=patience)) or ""

    async def screenshot(self) -> bytes:
        """Return the page as PNG."""
        return await self.page.screenshot(full_page=False, timeout=self._left(), type="png")

    @asynccontextmanager
    async def _shown(self, selector: str) -> AsyncIterator[float]:
        """Give an element time to be there, in milliseconds; find out why it is not.

        Raises:
            PageBroken: it is not, though the page came whole: the site looks different.
            HumanWanted: the challenge is there instead.
        """
        try:
            yield min(self._left(), SETTLE_SECONDS * 1000)
        except PlaywrightTimeout:
            request = f"GET {urlsplit(self.page.url).path}"
            if self.crashed.done() or not await self._responsive():
                raise
            if await self.page.locator(CHALLENGE).count():
                raise HumanWanted("the site asks whether a human is there", request=request) from None
            if await self.page.evaluate("document.readyState") != "loading":
                raise PageBroken(f"missing selector {selector}", request=request) from None
            raise

    async def _read(self, response: Response | APIResponse, request: str) -> Answer:
        self._judge(response.status, response.headers, request)
        if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
            raise SignInAgain("the site sends the request elsewhere", status=response.status, request=request)
        try:
            return Answer(response.status, await response.json())
        except (PlaywrightError, ValueError):
            raise TryAgainLonger("the answer broke off", status=response.status, request=request) from None

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
