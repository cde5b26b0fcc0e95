"""The site's log-in form: filled in, answered, left. Whatever the site refuses it with is the account's trouble."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from playwright.async_api import Request
from playwright.async_api import TimeoutError as PlaywrightTimeout

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import Refused, SignInAgain
from huntaze_scraper.onlyfans import second_factor, site
from huntaze_scraper.onlyfans.credentials import Credentials
from huntaze_scraper.onlyfans.tab import Tab

LOGIN_SECONDS = 60.0
"""How long a log-in may take, but for the wait for the next code."""
STAY_SECONDS = 30.0
"""A page that answered, and neither leaves the form nor is about to, stays there: a 200 may be a refusal, too."""


class LoginForm:
    """The form in one tab."""

    def __init__(self, tab: Tab, clock: Clock) -> None:
        """Sign ``tab`` in."""
        self._tab = tab
        self._clock = clock
        self._is_leaving = False

    async def submit(self, credentials: Credentials) -> None:
        """Sign in; the page has left the form then.

        Raises:
            SignInAgain: the site does not take what it is given, in whatever words.
            SiteError: the class of what else happened.
        """
        tab = self._tab
        tab.page.on("request", self._note)
        tab.signing_in = True
        try:
            await tab.open(tab.site.login)
            await tab.fill(site.USERNAME_INPUT, credentials.username)
            await tab.fill(site.PASSWORD_INPUT, credentials.password)
            self._is_leaving = False
            await tab.click_for(site.LOGIN_BUTTON, tab.site.login_path)
            if not await self._leaves(or_shows=site.CODE_INPUT):
                await self._second_factor(credentials)
        except Refused as refusal:
            raise _refused(refusal) from None
        finally:
            tab.signing_in = False
            tab.page.remove_listener("request", self._note)

    async def _second_factor(self, credentials: Credentials) -> None:
        if not credentials.totp_secret:
            raise SignInAgain("the site asks for a second factor and the secret has none")
        code = _code(credentials, self._clock.now())
        try:
            await self._submit_code(code)
        except SignInAgain:
            # A code that was used, or that just ran out, is refused: the next one is not.
            await asyncio.sleep(second_factor.STEP_SECONDS - self._clock.now() % second_factor.STEP_SECONDS)
            await self._submit_code(_code(credentials, self._clock.now()))

    async def _submit_code(self, code: str) -> None:
        tab = self._tab
        await tab.fill(site.CODE_INPUT, code)
        self._is_leaving = False
        try:
            await tab.click_for(site.CODE_BUTTON, tab.site.second_factor_path)
        except Refused as refusal:
            raise _refused(refusal) from None
        await self._leaves()

    async def _leaves(self, or_shows: str = "") -> bool:
        """Wait until the page has left the form; tell whether it did, or shows an element instead.

        Raises:
            SignInAgain: it stays as it is.
        """
        page, is_login = self._tab.page, self._tab.site.is_login
        patience = LOGIN_SECONDS * 1000
        left = page.wait_for_url(lambda url: not is_login(url), timeout=patience, wait_until="commit")
        ways: list[Coroutine[Any, Any, Any]] = [left, self._stays()]
        if or_shows:
            ways.append(page.locator(or_shows).wait_for(state="visible", timeout=patience))
        which = await _first(ways)
        if which == 1:
            raise SignInAgain("the site does not let the log-in through", request=f"POST {self._tab.site.login_path}")
        return which == 0

    async def _stays(self) -> None:
        """End where the page says what is wrong, or has had its time and is not on its way elsewhere."""
        with suppress(PlaywrightTimeout):
            error = self._tab.page.locator(site.LOGIN_ERROR)
            return await error.wait_for(state="visible", timeout=STAY_SECONDS * 1000)
        while self._is_leaving:  # noqa: ASYNC110 the whole log-in is bounded
            await asyncio.sleep(1)
        return None

    def _note(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame == self._tab.page.main_frame:
            self._is_leaving = True


async def _first(ways: list[Coroutine[Any, Any, Any]]) -> int:
    """Return which one ended first, or raise what it raised; the others are cancelled."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        number = next(number for number, task in enumerate(tasks) if task.done())
        tasks[number].result()
        return number
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _refused(refusal: Refused) -> SignInAgain:
    return SignInAgain("the site refuses the log-in", status=refusal.status, request=refusal.request)


def _code(credentials: Credentials, now: float) -> str:
    try:
        return second_factor.code(credentials.totp_secret, now)
    except ValueError:
        raise SignInAgain("the secret's totp_secret is not base 32") from None
