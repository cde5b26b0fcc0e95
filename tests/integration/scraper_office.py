"""The scraper's browser half at a fake site, with stores in memory: what the browser tests work in."""

import asyncio
import json
import os
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.harness import places
from emulator.harness.clients import http_client
from fake_onlyfans import Account, RunningSite, running
from huntaze_scraper import jobs
from huntaze_scraper.clock import SystemClock
from huntaze_scraper.jobs import Job
from huntaze_scraper.onlyfans.actions import actions
from huntaze_scraper.onlyfans.credentials import Credentials
from huntaze_scraper.onlyfans.effects import Effect
from huntaze_scraper.onlyfans.media_fetch import MediaFetch
from huntaze_scraper.onlyfans.media_hosts import MediaHosts
from huntaze_scraper.onlyfans.run import Run
from huntaze_scraper.onlyfans.session_store import SavedSession
from huntaze_scraper.onlyfans.sign_in import SignedInTabs
from huntaze_scraper.onlyfans.site import Site
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.onlyfans.tabs import Tabs
from huntaze_scraper.telemetry.redaction import Redactor
from huntaze_scraper.worker.attempts import Attempts
from huntaze_scraper.worker.results import JobFiles
from huntaze_scraper.worker.shutdown import Shutdown
from tests.integration.traced_browser import TracedBrowser
from tests.unit.onlyfans.memory_sessions import MemorySessions
from tests.unit.worker.doubles import FreeTurn, FreeTurns, MemoryObjectStore, Samples, payload, unpaced

PATIENCE_SECONDS = 120.0


def chromium() -> str:
    """Return a Chromium; without one, fail in CI and skip at home."""
    path = os.environ.get("CHROMIUM_PATH") or places.chromium()
    if not path:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium: set CHROMIUM_PATH")
    return path


class SiteCredentials:
    """The credentials that the site's accounts have, changed as asked."""

    def __init__(self, fake: RunningSite) -> None:
        self._fake = fake
        self.changes: dict[str, Credentials] = {}
        self.api_key = ""

    async def of(self, account: str) -> Credentials:
        known = self._fake.site.accounts[account]
        return self.changes.get(account) or Credentials(
            account, self._fake.site.passwords[account], known.totp_secret or "", self.api_key
        )


class Ledger:
    """Remembers the last try whose end is not known, and the latest progress."""

    effect: Effect | None = None
    may_try = True
    progress: Mapping[str, Any] = {}

    async def record(self, effect: Effect) -> None:
        self.effect = effect

    def settle(self, effect: Effect | None) -> None:
        self.effect = effect

    async def keep(self, progress: Mapping[str, Any]) -> None:
        self.progress = progress


class Office:
    """Tabs, sessions and actions at one site."""

    def __init__(self, fake: RunningSite, browser: TracedBrowser, runner: asyncio.Runner) -> None:
        self.fake = fake
        self.browser = browser
        self._runner = runner
        self.credentials = SiteCredentials(fake)
        self.sessions = MemorySessions(SystemClock())
        self.store = MemoryObjectStore()
        self.samples = Samples()
        media = MediaFetch(MediaHosts.parse(fake.url.removeprefix("http://")), 50_000_000)
        self.actions = actions(media)
        self.site = Site(fake.url)
        self.tabs = self.another_task()
        self.late_effect_seconds = 2.0

    def another_task(self) -> SignedInTabs:
        """Return the tabs of a task that shares sessions and browser, and nothing else."""
        pool = Tabs(self.browser, self.site, 4)
        return SignedInTabs(pool, self.credentials, self.sessions, Redactor(), SystemClock())

    def sign_in(self, account: Account) -> None:
        """Have tasks find a session of the account, as an earlier log-in would have left one."""
        cookie = {
            "name": "sess",
            "value": self.fake.site.sessions.start(account.username),
            "domain": urlsplit(self.fake.url).hostname,
            "path": "/",
            "expires": -1,
            "httpOnly": True,
            "secure": False,
            "sameSite": "Lax",
        }
        self.sessions.saved[account.username] = SavedSession(1, {"cookies": [cookie], "origins": []})

    async def once(self, tab: Tab, wanted: Job, seconds: float = 10, ledger: Ledger | None = None) -> Mapping[str, Any]:
        """Run one attempt in a tab."""
        files = JobFiles(self.store, wanted.account, wanted.job_id)
        run = Run(wanted, tab, ledger or Ledger(), files, SystemClock(), seconds, turn=FreeTurn(), pace=unpaced)
        return await self.actions[wanted.action](run)

    async def carry_out(self, wanted: Job, ledger: Ledger | None = None) -> Mapping[str, Any]:
        """Carry a job out with all of its attempts."""
        attempts = Attempts(
            self.tabs,
            self.actions,
            self.samples,
            SystemClock(),
            Shutdown(60),
            FreeTurns(),  # type: ignore[arg-type]
            late_effect_seconds=self.late_effect_seconds,
        )
        files = JobFiles(self.store, wanted.account, wanted.job_id)
        return await attempts.carry_out(wanted, ledger or Ledger(), files)

    def fault(self, kind: str, *, method: str = "", path: str = "", times: int | None = None, **options: Any) -> None:
        """Have the site misbehave."""
        match = {name: text for name, text in (("method", method), ("path", path)) if text}
        self.faults({"match": match, "fault": {"kind": kind, **options}, "times": times})

    def faults(self, *rules: dict[str, Any]) -> None:
        """Have the site misbehave by these rules, or not at all."""
        http_client.post(f"{self.fake.url}/_control/faults", json=list(rules)).raise_for_status()

    @property
    def sent(self) -> list[tuple[str, str, str]]:
        """What the site accepted: account, fan, text."""
        return [(each.account, each.fan, each.message.text) for each in self.fake.site.conversations.accepted]

    @property
    def posted(self) -> list[int | None]:
        """How the site answered each message that was posted to it; None is not at all."""
        return [each.status for each in self.fake.site.exchanges if each.method == "POST" and "/chats/" in each.path]

    def asked(self, method: str, path: str) -> int:
        """Count the requests that the site got."""
        return sum((each.method, each.path) == (method, path) for each in self.fake.site.exchanges)

    def keep_artefacts(self, folder: Path) -> list[str]:
        """Keep traces, pictures and what the site saw; return the secrets that they may hold."""
        cookies = self._runner.run(self.browser.keep(folder))
        seen = [each.as_json() for each in self.fake.site.exchanges]
        (folder / "site.json").write_text(json.dumps({"requests": seen, "messages": self.sent}, indent=1))
        keys = [each.totp_secret for each in self.fake.site.accounts.values() if each.totp_secret]
        return [*cookies, *keys, *self.fake.site.passwords.values()]

    @property
    def account(self) -> Account:
        """A creator without a second factor."""
        return next(each for each in self.fake.site.accounts.values() if each.totp_secret is None)


def wanted(account: Account, **changes: Any) -> Job:
    """Return a job for an account, by default a message to its first fan."""
    return jobs.parse(json.dumps(payload(creator_id=account.username, user_id=account.fans[0].username) | changes))


class World:
    """One Chromium, one event loop and one site for all tests of a module."""

    def __init__(self, fake: RunningSite, runner: asyncio.Runner, browser: TracedBrowser) -> None:
        self.fake = fake
        self._runner = runner
        self._browser = browser

    def run[T](self, scenario: Coroutine[Any, Any, T]) -> T:
        """Run a scenario to its end, in bounded time."""

        async def bounded() -> T:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await scenario

        return self._runner.run(bounded())

    def office(self) -> Office:
        """Return an office at the site as it was in the beginning."""
        self.fake.site.reset()
        self._browser.forget()
        self.run(self._shut())
        return Office(self.fake, self._browser, self._runner)

    async def _shut(self) -> None:
        """Close what was opened in the office before."""
        generation = await self._browser.start()
        for context in list(generation.contexts):
            await self._browser.shut(generation, context)


@contextmanager
def world() -> Iterator[World]:
    """Open the world."""
    path = chromium()
    with running() as fake, asyncio.Runner() as runner:
        browser = TracedBrowser(path)
        try:
            yield World(fake, runner, browser)
        finally:
            runner.run(browser.close())
