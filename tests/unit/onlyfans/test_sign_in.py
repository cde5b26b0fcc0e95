"""Who logs in, and when: with sessions in memory and tabs that only count."""

import asyncio
from typing import Any, cast

import pytest

from huntaze_scraper.errors import SignInAgain
from huntaze_scraper.onlyfans.credentials import Credentials
from huntaze_scraper.onlyfans.sign_in import SignedInTabs
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
        self.opened.append(state)
        return StubTab(state)

    async def keep(self, account: str, tab: StubTab) -> None:
        self.idle[account] = tab

    async def discard(self, _tab: StubTab) -> None:
        self.discarded += 1


class StubCredentials:
    async def of(self, account: str) -> Credentials:
        return Credentials(account, "password")


class Task(SignedInTabs):
    """A task whose log-in takes three seconds and gives a numbered session."""

    log_ins = 0
    fails = 0

    def __init__(self, sessions: MemorySessions) -> None:
        self.stub = StubTabs()
        super().__init__(cast("Tabs", self.stub), StubCredentials(), sessions, Redactor(), LoopClock())
        self._sessions = sessions

    async def _log_in_alone(self, account: str, lease: str) -> Any:
        Task.log_ins += 1
        await asyncio.sleep(3)
        if Task.fails:
            Task.fails -= 1
            raise SignInAgain("refused", status=401)
        tab = await self.stub.open({"cookies": []}, "")
        tab.session_version = (await self._sessions.save(account, {"cookies": []}, lease)).version
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


def test_who_waits_for_another_task_does_not_wait_for_ever() -> None:
    """A task that died while it logged in is outlived by its lease's end."""

    async def scenario() -> None:
        sessions = MemorySessions(LoopClock())
        await sessions.acquire("a")
        tab = await Task(sessions).take("a")
        assert tab.session_version == 1
        assert 80 < LoopClock().monotonic() < 120

    run(scenario())
