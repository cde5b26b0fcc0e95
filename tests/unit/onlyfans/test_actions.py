"""The actions on a conversation in memory."""

import asyncio
import importlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import LeaseLost, NoAnswer, PageBroken, Refused
from huntaze_scraper.onlyfans.actions.get_messages import get_messages
from huntaze_scraper.onlyfans.actions.scrape_profile import count, scrape_profile
from huntaze_scraper.onlyfans.actions.send_message import comparable, send_message
from huntaze_scraper.onlyfans.run import Run
from huntaze_scraper.onlyfans.site import PROFILE_BIO, PROFILE_COUNTS, PROFILE_NAME
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.worker import results
from huntaze_scraper.worker.results import JobFiles
from tests.unit.onlyfans.stub_tab import StubTab, no_such_fan, written
from tests.unit.worker.doubles import FreeTurn, MemoryObjectStore, job, unpaced
from tests.unit.worker.jumping_loop import LoopClock, run

HOSTILE = [
    "<script>alert(1)</script>",
    "line one\nline two\n\n  indented",
    "emoji 😀👩‍👩‍👧‍👦 and \u202eright to left\u202c שלום",
    "x" * 10_000,
    "' OR 1=1; -- \\ \" ` ${}",
]


class Ledger:
    """Remembers the first mark, or has lost its lease."""

    def __init__(self, mark: Mapping[str, str] | None = None, *, is_lost: bool = False) -> None:
        self.mark = mark
        self.progress: Mapping[str, Any] = {}
        self._is_lost = is_lost

    async def record(self, mark: Mapping[str, str]) -> None:
        if self._is_lost:
            raise LeaseLost("lost")
        self.mark = self.mark or mark

    async def keep(self, progress: Mapping[str, Any]) -> None:
        if self._is_lost:
            raise LeaseLost("lost")
        self.progress = progress


def attempt(tab: StubTab, ledger: Ledger | None = None, settle_seconds: float = 0, **changes: Any) -> Run:
    wanted = job(**changes)
    files = JobFiles(MemoryObjectStore(), wanted.account, wanted.job_id)
    return Run(
        wanted,
        cast("Tab", tab),
        ledger or Ledger(),
        files,
        LoopClock(),
        30,
        settle_seconds,
        turn=FreeTurn(),
        pace=unpaced,
    )


@pytest.mark.parametrize("text", ["hello", *HOSTILE], ids=range(6))
def test_a_text_is_sent_as_it_was_written(text: str) -> None:
    """Markup, newlines, emoji, right-to-left marks, ten thousand characters."""

    async def scenario() -> None:
        tab = StubTab(written(("fan-1", "hi")))
        data = await send_message(attempt(tab, message_content=text))
        assert data == {"fan": "fan-1", "message_id": "2", "sent_at": "t-2", "found_in_conversation": False}
        assert tab.conversation[-1]["text"] == text

    run(scenario())


def test_what_was_newest_is_recorded_before_the_click() -> None:
    """So that a later attempt can tell our message from an older one with the same words."""

    async def scenario() -> None:
        for conversation, newest in [(written(("fan-1", "hi")), "1"), ([], "")]:
            ledger = Ledger()
            await send_message(attempt(StubTab(conversation), ledger))
            assert ledger.mark == {"newest": newest}

    run(scenario())


def test_who_lost_the_lease_does_not_click() -> None:
    """Another worker has the job."""

    async def scenario() -> None:
        tab = StubTab()
        with pytest.raises(LeaseLost):
            await send_message(attempt(tab, Ledger(is_lost=True)))
        assert tab.clicks == 0

    run(scenario())


def test_a_click_whose_answer_was_lost_is_not_repeated() -> None:
    """The next attempt finds the message in the conversation."""

    async def scenario() -> None:
        tab, ledger = StubTab(written(("me", "hello"), ("fan-1", "hi"))), Ledger()
        tab.fails["click_once"] = NoAnswer("x")
        with pytest.raises(NoAnswer):
            await send_message(attempt(tab, ledger))
        data = await send_message(attempt(tab, ledger))
        assert (data["message_id"], data["found_in_conversation"]) == ("3", True)
        assert tab.clicks == 1

    run(scenario())


def test_an_older_message_with_the_same_words_is_not_taken_for_ours() -> None:
    """The click was recorded and never made: the message is sent, though the same was said before."""

    async def scenario() -> None:
        tab = StubTab(written(("me", "hello"), ("fan-1", "hi")))
        data = await send_message(attempt(tab, Ledger({"newest": "2"})))
        assert (data["message_id"], data["found_in_conversation"]) == ("3", False)

    run(scenario())


def test_a_fans_copy_of_our_words_is_not_taken_for_ours() -> None:
    """Only what we wrote counts."""

    async def scenario() -> None:
        tab = StubTab(written(("me", "x"), ("fan-1", "hello")))
        assert not (await send_message(attempt(tab, Ledger({"newest": "1"}))))["found_in_conversation"]

    run(scenario())


def test_a_message_under_way_is_waited_for_as_long_as_it_may_take_to_show() -> None:
    """After a time-out the site may still be at it: nothing is sent again before the time is over."""

    async def scenario() -> None:
        tab = StubTab()

        def arrives() -> None:
            tab.conversation += written(("me", "hello"))

        asyncio.get_running_loop().call_later(25, arrives)
        data = await send_message(attempt(tab, Ledger({"newest": ""}), settle_seconds=30))
        assert data["found_in_conversation"]
        assert tab.clicks == 0

    run(scenario())


def test_an_input_that_does_not_take_the_whole_text_is_not_sent() -> None:
    """Half a message is worse than none."""

    async def scenario() -> None:
        tab = StubTab(truncates_at=3)
        with pytest.raises(Refused, match="whole text"):
            await send_message(attempt(tab))
        assert tab.clicks == 0

    run(scenario())


def test_a_fan_who_does_not_exist_is_an_ordinary_answer() -> None:
    """Refused, as the site said."""

    async def scenario() -> None:
        tab = StubTab(fails={"open": no_such_fan()})
        with pytest.raises(Refused):
            await send_message(attempt(tab))

    run(scenario())


@given(st.text(), st.sampled_from(["\n", "\r\n", "\r"]))
def test_texts_that_only_line_ends_tell_apart_are_the_same_message(text: str, line_end: str) -> None:
    """What a text area makes of a text does not make it another one."""
    assert comparable(f"a{line_end}b{text}") == comparable(f"a\nb{text}")
    assert comparable(comparable(text)) == comparable(text)


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


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("216", 216),
        ("1,204", 1204),
        ("218 363", 218363),
        ("3.4K", 3400),
        ("1.25m", 1_250_000),
        ("12 posts", 12),
    ],
)
def test_a_count_is_read_as_sites_write_it(text: str, number: int) -> None:
    """Separators and multiples."""
    assert count(text) == number


@given(st.text())
def test_what_is_no_count_is_a_page_that_we_do_not_know(text: str) -> None:
    """A number that is not negative, or PageBroken; nothing else."""
    with suppress(PageBroken):
        assert count(text) >= 0


def test_a_profile_is_read_with_a_picture_as_evidence() -> None:
    """Name, text, four counts."""

    async def scenario() -> None:
        texts = {PROFILE_NAME: " Ana ", PROFILE_BIO: "bio"} | dict.fromkeys(PROFILE_COUNTS.values(), "1,000")
        wanted = attempt(StubTab(texts=texts), action="scrape_profile", profile_url="ana")
        data = await scrape_profile(wanted)
        assert (data["name"], data["counts"]) == ("Ana", dict.fromkeys(("posts", "likes", "fans", "media"), 1000))
        assert data["screenshot"].endswith("/profile.png")
        results.success(wanted.job, ended_at=0, attempts=1, data=data)

    run(scenario())
