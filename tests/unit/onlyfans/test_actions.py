"""The actions on a conversation in memory."""

import importlib
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import OddPage, PageBroken
from huntaze_scraper.onlyfans.actions.get_messages import get_messages
from huntaze_scraper.onlyfans.actions.scrape_profile import scrape_profile
from huntaze_scraper.onlyfans.run import Run
from huntaze_scraper.onlyfans.site import PROFILE_COUNTS, PROFILE_TEXTS
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.worker import results
from huntaze_scraper.worker.results import JobFiles
from tests.unit.onlyfans.memory_once import MemoryOnce
from tests.unit.onlyfans.stub_tab import StubTab, written
from tests.unit.worker.doubles import FreeTurn, MemoryObjectStore, job, unpaced
from tests.unit.worker.jumping_loop import LoopClock, run


def attempt(tab: StubTab, **changes: Any) -> Run:
    wanted = job(**changes)
    files = JobFiles(MemoryObjectStore(), wanted.account, wanted.job_id)
    return Run(wanted, cast("Tab", tab), MemoryOnce(), files, LoopClock(), 30, turn=FreeTurn(), pace=unpaced)


@given(size=st.integers(0, 230), since=st.integers(0, 240))
def test_a_conversation_is_read_back_to_the_last_known_message(size: int, since: int) -> None:
    """Paged, oldest first, nothing twice and nothing missing; the newest id is the next since."""

    async def scenario() -> None:
        tab = StubTab(written(*[("me", str(number)) for number in range(size)]))
        data = await get_messages(attempt(tab, action="get_messages", since=str(since) if since else "none"))
        start = since if 0 < since <= size else 0
        assert [each["id"] for each in data["messages"]] == [str(number) for number in range(start + 1, size + 1)]
        assert data["is_complete"]
        if size > start:
            assert data["newest_id"] == str(size)
        assert len(tab.requests) <= size // 50 + 2

    run(scenario())


def test_an_empty_conversation_is_an_ordinary_answer() -> None:
    """No message, and nothing to go on from; the result's schema takes it."""

    async def scenario() -> None:
        wanted = attempt(StubTab(), action="get_messages")
        data = await get_messages(wanted)
        assert data == {"fan": "fan-1", "since": None, "newest_id": None, "is_complete": True, "messages": []}
        results.success(wanted.job, ended_at=0, attempts=1, data=data)

    run(scenario())


def test_a_conversation_that_is_too_long_for_one_result_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are taken."""
    reading = importlib.import_module("huntaze_scraper.onlyfans.actions.get_messages")
    monkeypatch.setattr(reading, "MOST_MESSAGES", 70)

    async def scenario() -> None:
        tab = StubTab(written(*[("me", "x")] * 200))
        data = await get_messages(attempt(tab, action="get_messages"))
        assert (len(data["messages"]), data["is_complete"]) == (70, False)
        assert data["messages"][-1]["id"] == data["newest_id"] == "200"

    run(scenario())


@pytest.mark.parametrize(
    "answer", [{}, [], {"messages": [{}], "has_more": True}, {"messages": [], "has_more": 1}, None]
)
def test_an_answer_of_another_form_is_a_page_that_we_do_not_know(answer: object) -> None:
    """No KeyError reaches anybody."""

    class OtherTab(StubTab):
        async def get_json(self, _url: str, _seconds: float) -> Any:
            return answer

    async def scenario() -> None:
        with pytest.raises(PageBroken):
            await get_messages(attempt(OtherTab(), action="get_messages"))

    run(scenario())


SHOWN = {PROFILE_TEXTS["name"].selector: "Ana", PROFILE_TEXTS["bio"].selector: "bio"} | {
    element.selector: "1,000" for element in PROFILE_COUNTS.values()
}


def test_a_profile_is_read_with_a_picture_as_evidence() -> None:
    """Name, text, four counts, and in which language and time zone it was read."""

    async def scenario() -> None:
        wanted = attempt(StubTab(texts=SHOWN), action="scrape_profile", profile_url="ana")
        data = await scrape_profile(wanted)
        assert (data["name"], data["counts"]) == ("Ana", dict.fromkeys(("posts", "likes", "fans", "media"), 1000))
        assert data["screenshot"].endswith("/profile.png")
        assert (data["locale"], data["time_zone"]) == ("en-US", "UTC")
        results.success(wanted.job, ended_at=0, attempts=1, data=data)

    run(scenario())


@pytest.mark.requirement("9.8")
def test_what_a_profile_may_lack_is_told_as_missing() -> None:
    """No text about it, and counts that its owner hides: null, in a result after the schema."""

    async def scenario() -> None:
        optional = [each.selector for each in (PROFILE_TEXTS | PROFILE_COUNTS).values() if not each.is_required]
        tab = StubTab(texts={selector: text for selector, text in SHOWN.items() if selector not in optional})
        wanted = attempt(tab, action="scrape_profile", profile_url="ana")
        data = await scrape_profile(wanted)
        assert (data["bio"], data["counts"]) == (None, {"posts": 1000, "likes": None, "fans": None, "media": 1000})
        assert tab.was_doubtful
        results.success(wanted.job, ended_at=0, attempts=1, data=data)

    run(scenario())


@pytest.mark.requirement("9.8")
@pytest.mark.parametrize(("text", "language"), [("#1: 500", ""), ("1,204K", ""), ("1.2B", "tr"), ("a lot " * 50, "")])
def test_a_count_that_cannot_be_read_for_certain_is_a_failure_that_quotes_it(text: str, language: str) -> None:
    """The page's own language counts, too; what is quoted is short."""

    async def scenario() -> None:
        tab = StubTab(texts=SHOWN | {PROFILE_COUNTS["fans"].selector: text}, language=language)
        with pytest.raises(OddPage, match="count of fans") as caught:
            await scrape_profile(attempt(tab, action="scrape_profile", profile_url="ana"))
        assert repr(text[:60]) in caught.value.reason
        assert len(caught.value.reason) < 120

    run(scenario())
