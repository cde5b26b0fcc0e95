"""Signed-in tabs: the session that all tasks share, one log-in at a time, a second factor where it is asked for."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import SignInAgain, StoreUnavailable
from huntaze_scraper.onlyfans import session_state
from huntaze_scraper.onlyfans.credentials import CredentialsSource
from huntaze_scraper.onlyfans.login_form import LOGIN_SECONDS, LoginForm
from huntaze_scraper.onlyfans.session_state import SessionState
from huntaze_scraper.onlyfans.session_store import RENEW_SECONDS, SavedSession, SessionStore, TooLarge
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.onlyfans.tabs import Tabs
from huntaze_scraper.telemetry.redaction import Redactor

WAIT_FOR_OTHERS_SECONDS = 180.0
MOST_OWN = 8
"""Sessions that could not be shared, of the accounts that were signed in last: each may have megabytes."""
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
    ) -> None:
        """Sign tabs in."""
        self._tabs = tabs
        self._credentials = credentials
        self._store = store
        self._redactor = redactor
        self._clock = clock
        self._api_keys: dict[str, str] = {}
        self._named_at: dict[str, float] = {}
        self._own: OrderedDict[str, SavedSession] = OrderedDict()
        """What could not be shared, with the version after which it came."""

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
        saved = self._latest(account, await self._store.load(account))
        if saved is None or (stale_version is not None and saved.version <= stale_version):
            return await self._log_in(account, saved.version if saved else 0)
        try:
            return await self._open(account, saved)
        except SignInAgain as error:
            log.warning("session_not_opened", reason=error.reason)
            return await self._log_in(account, saved.version)

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
            self._api_keys[account] = credentials.api_key

    async def _open(self, account: str, saved: SavedSession) -> Tab:
        self._learn(saved.state)
        tab = await self._tabs.open(saved.state, self._api_keys[account])
        tab.session_version = saved.version
        return tab

    async def _log_in(self, account: str, known_version: int) -> Tab:
        lease = await self._store.acquire(account)
        waited = 0
        if lease is None:
            log.info("log_in_awaited", reason="another task is logging in")
        while lease is None:
            saved = await self._store.load(account)
            if saved is not None and saved.version > known_version:
                return await self._open(account, saved)
            if waited >= WAIT_FOR_OTHERS_SECONDS:
                raise StoreUnavailable("another task has been logging in for too long")
            await asyncio.sleep(1)
            waited += 1
            lease = await self._store.acquire(account)
        try:
            saved = await self._store.load(account)
            if saved is not None and saved.version > known_version:
                return await self._open(account, saved)
            async with self._renewed(account, lease):
                return await self._log_in_alone(account, lease, known_version)
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

    async def _log_in_alone(self, account: str, lease: str, known_version: int) -> Tab:
        credentials = await self._credentials.of(account)
        tab = await self._tabs.open(None, self._api_keys[account])
        try:
            async with tab.within(LOGIN_SECONDS, "POST /api/login"):
                await LoginForm(tab, self._clock).submit(credentials)
                state = await session_state.take(tab.context, tab.page)
            self._learn(state)
            tab.session_version = await self._share(account, state, lease, known_version)
        except BaseException:
            await self._tabs.discard(tab)
            raise
        log.info("signed_in", session_version=tab.session_version)
        return tab

    async def _share(self, account: str, state: SessionState, lease: str, known_version: int) -> int:
        """Share a new session and return its version; what cannot be shared, this task goes on with by itself."""
        try:
            saved = await self._store.save(account, state, lease)
            reason = "another task logs in by now"
        except (StoreUnavailable, TooLarge) as error:
            saved, reason = None, str(error)
        self._own.pop(account, None)
        if saved is not None:
            return saved.version
        log.warning("session_not_shared", reason=reason)
        self._own[account] = SavedSession(known_version, state)
        if len(self._own) > MOST_OWN:
            self._own.popitem(last=False)
        return known_version

    def _latest(self, account: str, shared: SavedSession | None) -> SavedSession | None:
        own = self._own.get(account)
        return own if own and (shared is None or shared.version <= own.version) else shared

    def _learn(self, state: SessionState) -> None:
        self._redactor.learn(*session_state.secrets_of(state))
