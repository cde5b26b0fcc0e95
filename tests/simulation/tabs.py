"""What lies below the actions, in the browser's place: browser, tabs, log-in form, media; each asks the model of the site.

Errors are made by the shipped ``classification``, as the shipped tab does.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlsplit

from huntaze_scraper.errors import (
    BrowserUnavailable,
    NoAnswer,
    OddPage,
    PageBroken,
    Refused,
    SignInAgain,
    SiteError,
    TryAgainLonger,
)
from huntaze_scraper.onlyfans import classification, login_form
from huntaze_scraper.onlyfans.cookies import Cookies
from huntaze_scraper.onlyfans.credentials import Credentials
from huntaze_scraper.onlyfans.media_fetch import Fetched
from huntaze_scraper.onlyfans.outbox import Posting
from huntaze_scraper.onlyfans.sight import Seen, Texts
from huntaze_scraper.onlyfans.site import Element, Site
from huntaze_scraper.onlyfans.tab import Answer
from tests.simulation.ground import Ground
from tests.simulation.site import ORIGIN, Response

GRACE_SECONDS = 5.0
SHOWN, COUNT = "1,204", 1204
"""What every text of a profile says, and what that is."""
HEAVY_BYTES = 1_000_000
"""What an account keeps in its browser whose site is lavish: more than an item of the store holds."""


class SimulatedBrowser:
    """Chromium, as far as the worker asks after it."""

    locale, time_zone = "en-US", "UTC"

    def __init__(self, world: Ground) -> None:
        self._world = world
        self._process = world.loop.current
        self.alive = False

    @property
    def starts(self) -> bool:
        return self._world.loop.time() >= self._world.no_browser_until

    async def start(self) -> None:
        await asyncio.sleep(self._world.random.uniform(0.5, 2))
        if not self.starts:
            raise BrowserUnavailable("Chromium does not start")
        self.alive = True

    async def require_place(self) -> None:
        pass

    async def make_ready(self) -> bool:
        if not self.starts:
            return False
        self.alive = True
        return True

    async def close(self) -> None:
        await asyncio.sleep(0.1)
        self.alive = False


class SimulatedTabs:
    """The pool of tabs."""

    def __init__(self, browser: SimulatedBrowser, site: Site, _most_kept: int) -> None:
        self._browser, self._site = browser, site
        self._world = browser._world
        self._idle: dict[str, SimulatedTab] = {}

    async def take(self, account: str) -> "SimulatedTab | None":
        tab = self._idle.pop(account, None)
        return tab if tab is not None and not tab.is_broken else None

    async def open(self, state: Mapping[str, Any] | None, _api_key: str) -> "SimulatedTab":
        await asyncio.sleep(self._world.random.uniform(0.05, 0.3))
        if not self._browser.starts:
            raise BrowserUnavailable("Chromium opens no page")
        token = state["cookies"][0]["value"] if state else ""
        return SimulatedTab(self._world, self._site, token)

    async def keep(self, account: str, tab: "SimulatedTab") -> None:
        self._idle[account] = tab

    async def discard(self, _tab: "SimulatedTab") -> None:
        await asyncio.sleep(0.05)

    async def replace_browser(self, _tab: "SimulatedTab") -> None:
        self._idle.clear()


class SimulatedTab:
    """A tab: what actions may do."""

    locale, time_zone = "en-US", "UTC"

    def __init__(self, world: Ground, site: Site, token: str) -> None:
        self._world = world
        self.site = site
        self.token = token
        self.session_version = 0
        self.is_broken = False
        self._typed = ""
        self._until = 0.0
        self.context = self.page = self

    @asynccontextmanager
    async def within(self, seconds: float, request: str) -> AsyncIterator[None]:
        self._until = self._world.loop.time() + seconds
        try:
            async with asyncio.timeout(seconds + GRACE_SECONDS) as self._bound:
                yield
        except TimeoutError:
            raise NoAnswer("no answer in time", request=request) from None
        except PageBroken as error:
            error.picture = b"PNG"
            raise

    async def aside[Kept](self, ours: Callable[[], Awaitable[Kept]]) -> Kept:
        began = self._world.loop.time()
        self._bound.reschedule(None)
        try:
            return await ours()
        finally:
            self._until += self._world.loop.time() - began
            self._bound.reschedule(self._until + GRACE_SECONDS)

    async def open(self, url: str) -> None:
        response = await self._ask("GET", url, self._left())
        if response.shows == "odd":
            raise OddPage("missing selector", request=f"GET {urlsplit(url).path}")

    async def fill(self, _selector: str, text: str) -> str:
        await asyncio.sleep(self._world.random.uniform(0.01, 0.1))
        self._typed = self._world.site.as_typed(self.token, text)
        return self._typed

    async def compose(self, _selector: str, path: str) -> Posting:
        await asyncio.sleep(self._world.random.uniform(0.01, 0.1))
        return Posting(f"{ORIGIN}{path}", {}, self._typed.encode())

    async def post(self, posting: Posting, _path: str) -> Answer:
        response = await self._ask("POST", posting.url, self._left(), posting.body.decode())
        return Answer(response.status, response.body, response.headers.get("date", ""))

    async def get(self, url: str, seconds: float) -> Answer:
        response = await self._ask("GET", url, seconds)
        return Answer(response.status, response.body, response.headers.get("date", ""))

    async def get_json(self, url: str, seconds: float) -> Any:
        return (await self.get(url, seconds)).body

    async def read(self, elements: Mapping[str, Element], _is_doubtful: Callable[[Texts], bool]) -> Texts:
        await asyncio.sleep(0.1)
        return {name: Seen(SHOWN, "") for name in elements}

    async def screenshot(self) -> bytes:
        return b"PNG"

    async def cookies(self) -> Cookies:
        return Cookies([{"name": "sess", "value": self.token, "domain": ".onlyfans.com", "path": "/"}])

    async def reconsider(self, refusal: Refused) -> SiteError:
        if refusal.status is None:
            return refusal
        try:
            async with self.within(15, refusal.request):
                await self.open(self.site.chats)
        except Refused as again:
            return SignInAgain("the account's own page is refused", status=again.status, request=again.request)
        except SiteError as error:
            return error
        return refusal

    def _left(self) -> float:
        return max(self._until - self._world.loop.time(), 0.001)

    async def _ask(self, method: str, url: str, seconds: float, text: str = "") -> Response:
        """Ask the site; what comes back is what the shipped tab makes of such an answer."""
        world, request = self._world, f"{method} {urlsplit(url).path}"
        try:
            async with asyncio.timeout(seconds):
                delay, slowness = world.random.uniform(0.02, 0.2), world.site.slowness(self.token)
                await asyncio.sleep(delay)
                response = world.site.respond(method, url, self.token, text)
                if response.kills:
                    world.loop.current.kill()
                    await asyncio.sleep(0)
                if response.is_lost:
                    await asyncio.sleep(10 * seconds + 3600)
                await asyncio.sleep(world.random.uniform(0.02, 0.2) + slowness)
        except TimeoutError:
            raise NoAnswer("no answer in time", request=request) from None
        if response.is_reset:
            raise TryAgainLonger("no whole answer: ECONNRESET", request=request)
        if response.crashes:
            self.is_broken = True
            raise PageBroken("the page crashed", request=request)
        now = world.now()
        if method == "POST" and response.status >= 400:
            is_sites = Site.is_own_error(response.body)
            error = classification.of_effect(response.status, response.headers, request, now, is_sites=is_sites)
            if error:
                raise error
        error = classification.of_status(response.status, response.headers, request, now)
        if error:
            raise error
        return response


class SimulatedLoginForm:
    """The log-in form in a tab."""

    def __init__(self, tab: SimulatedTab, _clock: object) -> None:
        self._tab = tab

    async def submit(self, credentials: Credentials) -> None:
        world = self._tab._world
        await asyncio.sleep(world.random.uniform(0.5, 3) + world.site.slowness_of(credentials.username))
        response = world.site.log_in(credentials.username, credentials.password)
        request = f"POST {Site.login_path}"
        error = classification.of_status(response.status, response.headers, request, world.now())
        if isinstance(error, Refused):
            raise login_form._refused(error)
        if error:
            raise error
        self._tab.token = response.body["token"]


async def session_of(context: SimulatedTab, page: SimulatedTab) -> dict[str, Any]:
    """Return what the site keeps in the browser, as ``session_state.take`` does."""
    cookie = {"name": "sess", "value": context.token, "domain": ".onlyfans.com", "path": "/", "httpOnly": True}
    world = context._world
    if "heavy" not in world.plan.traits.get(world.site.account_of(context.token), ()):
        return {"cookies": [cookie], "origins": [], "session_storage": {}}
    kept = {"name": "cache", "value": Random(context.token).randbytes(HEAVY_BYTES // 2).hex()}
    return {"cookies": [cookie], "origins": [{"origin": ORIGIN, "localStorage": [kept]}], "session_storage": {}}


@dataclass(frozen=True, slots=True)
class _Target:
    url: str
    host: str = "cdn.onlyfans.com"

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


class SimulatedMedia:
    """The media hosts."""

    def __init__(self, world: Ground) -> None:
        self._world = world

    def target(self, url: str, _site: Site) -> _Target:
        return _Target(url)

    def fetch(
        self, target: _Target, _site: Site, headers: Any, begin: Any, _seconds: float, line: Any
    ) -> Fetched:  # blocks
        world = self._world
        with line.waiting():
            world.loop.block(world.random.uniform(0.1, 2))
            token = headers(target.url).get("Cookie", "").partition("=")[2]
            response = world.site.respond("GET", target.url, token)
            if response.kills:
                world.loop.end(world.loop.current)
        request = f"GET {target.host}{target.path}"
        error = classification.of_status(response.status, response.headers, request, world.now())
        if error:
            raise error
        if response.is_lost or response.is_reset or response.crashes or response.shows:
            raise TryAgainLonger("the media host sends no whole file", request=request)
        body = target.url.encode()
        upload = begin("image/png")
        upload.write(body)
        return Fetched(upload.finish(), len(body), "image/png", hashlib.sha256(body).hexdigest())


async def in_simulated_thread(work: Callable[[], Any], name: str) -> Any:
    """Run blocking work as ``in_own_thread`` does."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 it is raised where it is awaited
            if not ended.done():
                ended.set_exception(error)
        else:
            if not ended.done():
                ended.set_result(result)

    loop.spawn(run, loop.current)  # type: ignore[attr-defined]
    return await ended
