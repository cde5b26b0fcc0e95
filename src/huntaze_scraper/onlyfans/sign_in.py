"""Signed-in tabs: the session that all tasks share, one log-in at a time, a second factor where it is asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pyotp
import structlog

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import SignInAgain, StoreUnavailable
from huntaze_scraper.onlyfans import site
from huntaze_scraper.onlyfans.credentials import Credentials, CredentialsSource
from huntaze_scraper.onlyfans.session_store import RENEW_SECONDS, SavedSession, SessionStore
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.onlyfans.tabs import Tabs
from huntaze_scraper.telemetry.redaction import Redactor

LOGIN_SECONDS = 60.0
WAIT_FOR_OTHERS_SECONDS = 180.0
TOTP_STEP_SECONDS = 30
NAMED_SECONDS = 300.0
"""How long it is taken as known that there are credentials for an account; then the secrets are asked again."""

log = structlog.stdlib.get_logger(__name__)


class SignedInTabs:
    """Gives out tabs that are signed in, as far as is known."""

    def __init__(
        self,
        tabs: Tabs,
        credentials: CredentialsSource,
        store: SessionStore,
        redactor: Redactor,
        clock: Clock,
        api_key: str = "",
    ) -> None:
        """Sign tabs in; ``api_key`` is for accounts whose secret has none."""
        self._tabs = tabs
        self._credentials = credentials
        self._store = store
        self._redactor = redactor
        self._clock = clock
        self._default_api_key = api_key
        self._api_keys: dict[str, str] = {}
        self._named_at: dict[str, float] = {}

    async def take(self, account: str, stale_version: int | None = None) -> Tab:
        """Return a tab for the account, from a session newer than the stale one.

        Raises:
            SignInAgain: nobody gave credentials for the account, or the site does not take them.
            SiteError: the log-in did not go through.
        """
        await self._require_named(account)
        tab = await self._tabs.take(account)
        if tab is not None:
            if stale_version is None or tab.session_version > stale_version:
                return tab
            await self._tabs.discard(tab)
        saved = await self._store.load(account)
        if saved is None or saved.version <= (stale_version or 0):
            return await self._log_in(account, saved.version if saved else 0)
        return await self._open(account, saved)

    async def keep(self, account: str, tab: Tab) -> None:
        """Take back a tab in good order."""
        await self._tabs.keep(account, tab)

    async def discard(self, tab: Tab, *, replace_browser: bool = False) -> None:
        """Take back a tab that must not be used again, and perhaps its browser with it."""
        if replace_browser:
            await self._tabs.replace_browser(tab)
        await self._tabs.discard(tab)

    async def _require_named(self, account: str) -> None:
        """See that there are credentials for the account: a session that was saved under its name does not say so."""
        now = self._clock.monotonic()
        if now - self._named_at.get(account, float("-inf")) < NAMED_SECONDS:
            return
        try:
            credentials = await self._credentials.of(account)
        except StoreUnavailable:
            if account not in self._named_at:
                raise
        else:
            self._named_at[account] = now
            self._api_keys[account] = credentials.api_key or self._default_api_key

    async def _open(self, account: str, saved: SavedSession) -> Tab:
        self._learn(saved.state)
        tab = await self._tabs.open(saved.state, self._api_keys.get(account, self._default_api_key))
        tab.session_version = saved.version
        return tab

    async def _log_in(self, account: str, known_version: int) -> Tab:
        lease = await self._store.acquire(account)
        waited = 0
        while lease is None:
            saved = await self._store.load(account)
            if saved is not None and saved.version > known_version:
                return await self._open(account, saved)
            if waited >= WAIT_FOR_OTHERS_SECONDS:
                raise SignInAgain("another task has been logging in for too long")
            await asyncio.sleep(1)
            waited += 1
            lease = await self._store.acquire(account)
        try:
            saved = await self._store.load(account)
            if saved is not None and saved.version > known_version:
                return await self._open(account, saved)
            async with self._renewed(account, lease):
                return await self._log_in_alone(account, lease)
        finally:
            with suppress(StoreUnavailable):  # the lease runs out by itself
                await self._store.release(account, lease)

    @asynccontextmanager
    async def _renewed(self, account: str, lease: str) -> AsyncIterator[None]:
        """Keep the right to log in while it is used: it is short, so that a task's death costs the others little."""

        async def renew() -> None:
            ours = True
            while ours:
                await asyncio.sleep(RENEW_SECONDS)
                with suppress(StoreUnavailable):
                    ours = await self._store.renew(account, lease)

        renewing = asyncio.create_task(renew(), name=f"log-in lease of {account}")
        try:
            yield
        finally:
            renewing.cancel()

    async def _log_in_alone(self, account: str, lease: str) -> Tab:
        credentials = await self._credentials.of(account)
        tab = await self._tabs.open(None, self._api_keys[account])
        try:
            async with tab.within(LOGIN_SECONDS, "POST /api/login"):
                await self._submit(tab, credentials)
                state = await tab.context.storage_state()
            self._learn(dict(state))
            saved = await self._store.save(account, dict(state), lease)
        except BaseException:
            await self._tabs.discard(tab)
            raise
        tab.session_version = saved.version
        log.info("signed_in", session_version=saved.version)
        return tab

    async def _submit(self, tab: Tab, credentials: Credentials) -> None:
        await tab.open(tab.site.login)
        await tab.fill(site.USERNAME_INPUT, credentials.username)
        await tab.fill(site.PASSWORD_INPUT, credentials.password)
        await tab.click_for(site.LOGIN_BUTTON, tab.site.login_path)
        if not await tab.leaves_login_or_shows(site.CODE_INPUT):
            await self._second_factor(tab, credentials)
            await tab.leaves_login()

    async def _second_factor(self, tab: Tab, credentials: Credentials) -> None:
        if not credentials.totp_secret:
            raise SignInAgain("the site asks for a second factor and the secret has none")
        now = self._clock.now()
        try:
            await self._code(tab, credentials, now)
        except SignInAgain:
            # A code that was used, or that just ran out, is refused: the next one is not.
            await asyncio.sleep(TOTP_STEP_SECONDS - self._clock.now() % TOTP_STEP_SECONDS)
            await self._code(tab, credentials, self._clock.now())

    async def _code(self, tab: Tab, credentials: Credentials, now: float) -> None:
        await tab.fill(site.CODE_INPUT, pyotp.TOTP(credentials.totp_secret).at(int(now)))
        await tab.click_for(site.CODE_BUTTON, tab.site.second_factor_path)

    def _learn(self, state: dict[str, object]) -> None:
        cookies = state.get("cookies")
        if isinstance(cookies, list):
            self._redactor.learn(*(str(each.get("value")) for each in cookies))
