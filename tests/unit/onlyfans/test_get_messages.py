"""get_messages at a conversation in memory that stops, changes and lies meanwhile."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import NoAnswer, OddPage, OutOfTurn, Refused, SlowDown
from huntaze_scraper.onlyfans.actions import conversation
from huntaze_scraper.onlyfans.actions.get_messages import get_messages
from huntaze_scraper.onlyfans.run import Run
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.worker.results import JobFiles
from tests.unit.onlyfans.stub_tab import Message, StubTab, written
from tests.unit.worker.doubles import FreeTurn, MemoryObjectStore, Paced, job, unpaced
from tests.unit.worker.jumping_loop import LoopClock, run

pytestmark = pytest.mark.requirement("9.8")


class Killed(BaseException):
    """The process is gone at this very moment."""


class Ledger:
    """Remembers the progress, and may be killed at a write, before or after it."""

    mark = None

    def __init__(self) -> None:
        self.progress: Mapping[str, Any] = {}
        self.dies: str = ""

    async def record(self, mark: Mapping[str, str]) -> None: ...

    async def keep(self, progress: Mapping[str, Any]) -> None:
        dies, self.dies = self.dies, ""
        if dies != "before":
            self.progress = progress
        if dies:
            raise Killed


class StrictTab(StubTab):
    """Answers 400 about a cursor that it does not know, and before each page does what is scripted."""

    def __init__(self, conversation: list[Message], script: list[Callable[[], None]] | None = None) -> None:
        super().__init__(conversation)
        self.script = script or []

    async def get_json(self, url: str, seconds: float) -> Any:
        if self.script:
            self.script.pop(0)()
        before = parse_qs(urlsplit(url).query).get("before", [None])[0]
        if before is not None and before not in {each["id"] for each in self.conversation}:
            self.requests.append(url)
            raise Refused("the site refuses", status=400)
        return await super().get_json(url, seconds)


class Scene:
    """One job, through all of its attempts."""

    def __init__(self, tab: StubTab, **changes: Any) -> None:
        self.tab, self.ledger, self.store = tab, Ledger(), MemoryObjectStore()
        self.pace: Callable[[], Awaitable[None]] = unpaced
        self._job = job(action="get_messages", **changes)

    async def attempt(self) -> Mapping[str, Any]:
        files = JobFiles(self.store, self._job.account, self._job.job_id)
        return await get_messages(
            Run(self._job, cast("Tab", self.tab), self.ledger, files, LoopClock(), 30, turn=FreeTurn(), pace=self.pace)
        )

    async def to_the_end(self) -> Mapping[str, Any]:
        for _ in range(100):
            with suppress(SlowDown, Killed, NoAnswer):
                return await self.attempt()
        raise AssertionError("no end")


def slow_down() -> None:
    raise SlowDown("the site asks to slow down")


def kill() -> None:
    raise Killed


@given(size=st.integers(0, 700), stops=st.lists(st.sampled_from([0, 0, 0, 1, 2]), max_size=40))
def test_an_attempt_goes_on_where_the_one_before_it_stopped(size: int, stops: list[int]) -> None:
    """A 429 or a kill before any page: every message once, in order, and no page is read twice."""
    tab = StrictTab(
        written(*[("me", str(n)) for n in range(size)]), [(lambda: None, slow_down, kill)[n] for n in stops]
    )

    async def scenario() -> None:
        data = await Scene(tab).to_the_end()
        assert [each["id"] for each in data["messages"]] == [str(n) for n in range(1, size + 1)]
        assert data["is_complete"]
        assert len(tab.requests) == len(set(tab.requests))

    run(scenario())


@given(
    deaths=st.lists(st.sampled_from(["", "before", "after"]), max_size=12),
    changes=st.lists(st.tuples(st.sampled_from(["arrives", "goes"]), st.integers(0, 10_000)), max_size=200),
)
def test_what_stays_is_read_once_whatever_arrives_or_is_deleted_meanwhile(
    deaths: list[str], changes: list[tuple[str, int]]
) -> None:
    """Changes before each page, a death around each write: nothing twice, no gap, in order."""
    tab, number = StrictTab(written(*[("me", str(n)) for n in range(300)])), 300
    scene, ever = Scene(tab), {str(n) for n in range(1, 301)}

    def change() -> None:
        nonlocal number
        scene.ledger.dies = deaths.pop() if deaths else ""
        for what, where in [changes.pop() for _ in changes[:10]]:
            if what == "arrives":
                number += 1
                ever.add(str(number))
                tab.conversation.append({"id": str(number), "author": "fan-1", "text": "new", "created_at": "t"})
            elif tab.conversation:
                del tab.conversation[where % len(tab.conversation)]

    tab.script = [change] * 200

    async def scenario() -> None:
        data = await scene.to_the_end()
        ids = [int(each["id"]) for each in data["messages"]]
        assert ids == sorted(set(ids))
        newest = int(data["newest_id"] or 0)
        assert {int(each["id"]) for each in tab.conversation if int(each["id"]) <= newest} <= set(ids)
        assert {str(n) for n in ids} <= ever

    run(scenario())


def test_a_limit_in_the_middle_costs_a_wait_and_says_that_the_job_got_further() -> None:
    """596 messages at 10 requests a window: each attempt reads ten pages on."""
    tab = StrictTab(written(*[("me", str(n)) for n in range(596)]), [*[lambda: None] * 10, slow_down, slow_down])

    async def scenario() -> None:
        scene = Scene(tab)
        with pytest.raises(SlowDown) as first:
            await scene.attempt()
        with pytest.raises(SlowDown) as second:
            await scene.attempt()
        assert (first.value.advanced, second.value.advanced) == (True, False)
        data = await scene.attempt()
        assert (len(data["messages"]), len(tab.requests)) == (596, 12)

    run(scenario())


@pytest.mark.requirement("9.1")
def test_each_page_waits_for_leave_and_what_was_read_before_is_kept() -> None:
    """An account that may ask for three pages a window reads ten in four attempts, and none of them twice."""
    tab = StrictTab(written(*[("me", str(n)) for n in range(conversation.PAGE_SIZE * 10 - 1)]))

    async def scenario() -> None:
        scene = Scene(tab)
        for read in (3, 6, 9):
            scene.pace = Paced(3)
            with pytest.raises(OutOfTurn):
                await scene.attempt()
            assert len(tab.requests) == read
        scene.pace = Paced(3)
        data = await scene.attempt()
        assert len(data["messages"]) == conversation.PAGE_SIZE * 10 - 1
        assert len(tab.requests) == len(set(tab.requests)) == 10

    run(scenario())


def test_parts_that_are_gone_cost_a_new_beginning() -> None:
    """What was kept has expired: read from the newest again, and whole."""
    tab = StrictTab(written(*[("me", str(n)) for n in range(120)]), [lambda: None, slow_down])

    async def scenario() -> None:
        scene = Scene(tab)
        with pytest.raises(SlowDown):
            await scene.attempt()
        assert all(key.startswith("progress/creator-1/") for key in scene.store.objects)
        scene.store.objects.clear()
        assert len((await scene.attempt())["messages"]) == 120

    run(scenario())


class LyingTab(StubTab):
    """Gives the pages of a list again and again, and always says that there are more."""

    def __init__(self, *pages: list[Message]) -> None:
        super().__init__()
        self._pages = pages

    async def get_json(self, url: str, _seconds: float) -> Any:
        self.requests.append(url)
        return {"messages": self._pages[(len(self.requests) - 1) % len(self._pages)], "has_more": True}


THREAD = written(*[("me", str(n)) for n in range(150)])[::-1]


@pytest.mark.parametrize(
    "pages",
    [
        [THREAD[:50]],
        [THREAD[:50], THREAD[50:100]],
        [THREAD[:50], THREAD[50:100], THREAD[100:]],
        [THREAD[:50], THREAD[:50][::-1]],
        [THREAD[:50], THREAD[10:50]],
        [[]],
        [THREAD[:1]],
    ],
    ids=["the same", "two in turn", "three in turn", "shuffled", "a part of it", "empty", "one message"],
)
def test_a_conversation_that_does_not_go_on_is_an_error(pages: list[list[Message]]) -> None:
    """After as many requests as there are pages, and one: for the job as for whoever looks back."""

    async def scenario() -> None:
        tab = LyingTab(*pages)
        with pytest.raises(OddPage, match="more"):
            await Scene(tab).attempt()
        assert len(tab.requests) <= len(pages) + 1
        tab.requests.clear()
        with pytest.raises(OddPage):
            [each async for each in conversation.newest_first(cast("Tab", tab), "fan-1", 30)]
        assert len(tab.requests) <= len(pages) + 1

    run(scenario())


def test_a_conversation_without_end_is_left_in_bounded_number_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new message on each page, for ever; and a site that is slow over each."""

    class EndlessTab(StubTab):
        async def get_json(self, url: str, _seconds: float) -> Any:
            self.requests.append(url)
            number = str(len(self.requests))
            message = {"id": number, "author": "me", "text": "", "created_at": "t"}
            return {"messages": [message], "has_more": True}

    async def scenario() -> None:
        tab = EndlessTab()
        with pytest.raises(OddPage, match="does not end"):
            [each async for each in conversation.newest_first(cast("Tab", tab), "fan-1", 30)]
        assert len(tab.requests) == conversation.MOST_PAGES
        with pytest.raises(NoAnswer):
            [each async for each in conversation.newest_first(cast("Tab", tab), "fan-1", 30, longest_seconds=-1)]

    run(scenario())
