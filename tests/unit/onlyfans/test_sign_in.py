"""Who logs in, and when: with sessions in memory and tabs that only count."""

import asyncio
from typing import Any, cast

import pytest

from huntaze_scraper.errors import SignInAgain, StoreUnavailable
from huntaze_scraper.onlyfans.credentials import Credentials
from huntaze_scraper.onlyfans.session_store import LOGIN_LEASE_SECONDS, SavedSession, TooLarge
from huntaze_scraper.onlyfans.sign_in import NAMED_SECONDS, SignedInTabs
from huntaze_scraper.onlyfans.tabs import Tabs
from huntaze_scraper.telemetry.redaction import Redactor
from tests.unit.onlyfans.memory_sessions import MemorySessions
from tests.unit.worker.jumping_loop import LoopClock, run


class StubTab:
    def __init__(self, state: Any) -> None:
        self.state = state
        self.session_version = 0


class StubTabs:
    """Opens tabs; keeps one an account."""

    def __init__(self) -> None:
        self.idle: dict[str, StubTab] = {}
        self.opened: list[Any] = []
        self.discarded = 0

    async def take(self, account: str) -> StubTab | None:
        return self.idle.pop(account, None)

    async def open(self, state: Any, _api_key: str) -> StubTab:
        if "odd" in (state or {}):
            raise SignInAgain("the browser does not take it")
        self.opened.append(state)
        return StubTab(state)

    async def keep(self, account: str, tab: StubTab) -> None:
        self.idle[account] = tab

    async def discard(self, _tab: StubTab) -> None:
        self.discarded += 1


class StubCredentials:
    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.asked = 0

    async def of(self, account: str) -> Credentials:
        self.asked += 1
        if self.fails:
            raise self.fails
        return Credentials(account, "password")


class Task(SignedInTabs):
    """A task whose log-in takes three seconds, or more, and gives a numbered session."""

    log_in_seconds = 3.0
    log_ins = 0
    fails = 0

    def __init__(self, sessions: MemorySessions) -> None:
        self.stub = StubTabs()
        self.source = StubCredentials()
        super().__init__(cast("Tabs", self.stub), self.source, sessions, Redactor(), LoopClock())
        self._sessions = sessions

    async def _log_in_alone(self, account: str, lease: str, known_version: int) -> Any:
        Task.log_ins += 1
        await asyncio.sleep(self.log_in_seconds)
        if Task.fails:
            Task.fails -= 1
            raise SignInAgain("refused", status=401)
        tab = await self.stub.open({"cookies": [], "origins": []}, "")
        tab.session_version = await self._share(account, {"cookies": [], "origins": []}, lease, known_version)
        return tab


@pytest.fixture(autouse=True)
def _no_log_ins_yet() -> None:
    Task.log_ins = Task.fails = 0


def test_however_many_tasks_want_an_account_one_logs_in() -> None:
    """Ten tasks, one log-in, ten tabs of its session."""

    async def scenario() -> None:
        sessions = MemorySessions(LoopClock())
        tasks = [Task(sessions) for _ in range(10)]
        tabs = await asyncio.gather(*(task.take("a") for task in tasks))
        assert Task.log_ins == 1
        assert {tab.session_version for tab in tabs} == {1}

    run(scenario())


def test_a_tab_is_used_again_without_asking_anybody() -> None:
    """The next job of the account finds it signed in."""

    async def scenario() -> None:
        task = Task(MemorySessions(LoopClock()))
        tab = await task.take("a")
        await task.keep("a", tab)
        assert await task.take("a") is tab

    run(scenario())


def test_after_a_401_ten_tasks_log_in_once_more() -> None:
    """The first gets a new session, the others take it up."""

    async def scenario() -> None:
        sessions = MemorySessions(LoopClock())
        tasks = [Task(sessions) for _ in range(10)]
        tabs = await asyncio.gather(*(task.take("a") for task in tasks))
        for task, tab in zip(tasks, tabs, strict=True):
            await task.keep("a", tab)
        again = await asyncio.gather(*(task.take("a", stale_version=1) for task in tasks))
        assert Task.log_ins == 2
        assert {tab.session_version for tab in again} == {2}

    run(scenario())


def test_a_refused_log_in_leaves_the_way_free_for_others() -> None:
    """The lease is given back at once."""

    async def scenario() -> None:
        sessions = MemorySessions(LoopClock())
        Task.fails = 1
        with pytest.raises(SignInAgain):
            await Task(sessions).take("a")
        before = LoopClock().monotonic()
        await Task(sessions).take("a")
        assert LoopClock().monotonic() - before == 3

    run(scenario())


def test_a_task_that_lives_has_all_the_time_that_a_log_in_takes() -> None:
    """It renews its lease, so that nobody logs in beside it."""

    async def scenario() -> None:
        sessions = MemorySessions(LoopClock())
        slow, waiting = Task(sessions), Task(sessions)
        slow.log_in_seconds = 5 * LOGIN_LEASE_SECONDS
        await asyncio.gather(slow.take("a"), waiting.take("a"))
        assert Task.log_ins == 1

    run(scenario())


def test_a_task_that_died_while_it_logged_in_keeps_the_others_waiting_for_its_lease() -> None:
    """Half a minute, and the next one logs in."""

    async def scenario() -> None:
        sessions = MemorySessions(LoopClock())
        await sessions.acquire("a")
        tab = await Task(sessions).take("a")
        assert tab.session_version == 1
        assert LOGIN_LEASE_SECONDS < LoopClock().monotonic() < LOGIN_LEASE_SECONDS + 6

    run(scenario())


@pytest.mark.requirement("9.7")
def test_an_account_for_whom_nobody_gave_credentials_gets_no_tab_whatever_session_lies_about() -> None:
    """A session saved under a mistyped name, when the default secret was for everybody, is of no use any more."""

    async def scenario() -> None:
        sessions = MemorySessions(LoopClock())
        await Task(sessions).take("creator-0l")
        task = Task(sessions)
        task.source.fails = SignInAgain("no credentials for the account")
        with pytest.raises(SignInAgain, match="no credentials"):
            await task.take("creator-0l")
        assert (task.stub.opened, Task.log_ins) == ([], 1)

    run(scenario())


@pytest.mark.requirement("9.7")
def test_whom_the_secrets_name_is_asked_again_after_five_minutes() -> None:
    """A job in between costs no call; an account that was taken out of the list acts no longer than that."""

    async def scenario() -> None:
        task = Task(MemorySessions(LoopClock()))
        for _ in range(3):
            await task.keep("a", await task.take("a"))
        assert task.source.asked == 1
        task.source.fails = SignInAgain("no credentials for the account")
        await asyncio.sleep(NAMED_SECONDS)
        with pytest.raises(SignInAgain):
            await task.take("a")

    run(scenario())


def test_a_secrets_manager_that_is_down_does_not_stop_an_account_that_is_known() -> None:
    """Its session is there; one that was never seen has to wait."""

    async def scenario() -> None:
        task = Task(MemorySessions(LoopClock()))
        await task.keep("a", await task.take("a"))
        task.source.fails = StoreUnavailable("down")
        await asyncio.sleep(NAMED_SECONDS)
        await task.take("a")
        with pytest.raises(StoreUnavailable):
            await task.take("b")

    run(scenario())


class Narrow(MemorySessions):
    """A store that keeps no session, for one reason or another."""

    reason: Exception | None = TooLarge("the session has 500000 bytes")

    async def save(self, account: str, _state: dict[str, Any], lease: str) -> SavedSession | None:
        if self.reason:
            raise self.reason
        await self.release(account, lease)
        return None


@pytest.mark.parametrize("reason", [TooLarge("large"), StoreUnavailable("down"), None], ids=["large", "down", "lost"])
def test_a_session_that_cannot_be_shared_serves_the_task_that_has_it(reason: Exception | None) -> None:
    """It logs in once, in however many tabs; another task does so by itself; what is over is signed in again."""

    async def scenario() -> None:
        sessions = Narrow(LoopClock())
        sessions.reason = reason
        task, other = Task(sessions), Task(sessions)
        for _ in range(3):
            await task.take("a")
        assert Task.log_ins == 1
        await other.take("a")
        assert Task.log_ins == 2
        tab = await task.take("a", stale_version=0)
        assert Task.log_ins == 3
        await task.take("a")
        assert (Task.log_ins, tab.session_version) == (3, 0)

    run(scenario())


def test_a_newer_session_that_could_be_shared_is_preferred() -> None:
    """Whoever made it."""

    async def scenario() -> None:
        sessions = Narrow(LoopClock())
        task = Task(sessions)
        await task.take("a")
        sessions.saved["a"] = SavedSession(1, {"cookies": [], "origins": [], "newer": True})
        assert (await task.take("a")).session_version == 1
        assert Task.log_ins == 1

    run(scenario())


def test_a_session_that_the_browser_does_not_take_is_logged_in_over() -> None:
    """Another version may have kept it."""

    async def scenario() -> None:
        sessions = MemorySessions(LoopClock())
        sessions.saved["a"] = SavedSession(4, {"cookies": [], "origins": [], "odd": True})
        assert (await Task(sessions).take("a")).session_version == 5
        assert Task.log_ins == 1

    run(scenario())
