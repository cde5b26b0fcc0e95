"""Sending a message in a conversation in memory: once, whatever is not answered."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from huntaze_scraper.errors import (
    BeginAnew,
    HuntazeError,
    LeaseLost,
    NoAnswer,
    NobodyKnows,
    OddPage,
    OutOfTurn,
    PageBroken,
    Refused,
    SignInAgain,
    SlowDown,
    StillOpen,
    TriesUsedUp,
    TryAgain,
    TryAgainLonger,
    Unanswered,
)
from huntaze_scraper.onlyfans.actions.send_message import MOST_SEEN, send_message
from huntaze_scraper.onlyfans.effects import SAID_NO, Effect, Mark
from huntaze_scraper.onlyfans.run import Run
from huntaze_scraper.onlyfans.tab import Tab
from huntaze_scraper.worker.results import JobFiles
from tests.unit.onlyfans.memory_once import MemoryOnce
from tests.unit.onlyfans.stub_tab import StubTab, no_such_fan, time_of, written
from tests.unit.worker.doubles import FreeTurn, MemoryObjectStore, job, unpaced
from tests.unit.worker.jumping_loop import LoopClock, run

LATE_SECONDS = 120.0
HOSTILE = [
    "<script>alert(1)</script>",
    "line one\nline two\n\n  indented",
    "emoji 😀👩‍👩‍👧‍👦 and \u202eright to left\u202c שלום",
    "x" * 10_000,
    "' OR 1=1; -- \\ \" ` ${}",
]
NO_ANSWERS: list[HuntazeError] = [
    NoAnswer("x"),
    TryAgainLonger("reset"),
    Unanswered("x", status=502),
    Unanswered("x", status=524),
    PageBroken("x"),
]
"""After these the site may act for a while."""


def attempt(tab: StubTab, once: MemoryOnce | None = None, **changes: Any) -> Run:
    wanted = job(**changes)
    files = JobFiles(MemoryObjectStore(), wanted.account, wanted.job_id)
    return Run(
        wanted,
        cast("Tab", tab),
        once or MemoryOnce(),
        files,
        LoopClock(),
        30,
        LATE_SECONDS,
        turn=FreeTurn(),
        pace=unpaced,
    )


def at_the_end_of(tab: StubTab, seconds: float = LATE_SECONDS) -> Effect:
    """Return a try at the conversation as it is, which may come for so long."""
    newest = tab.conversation[-1] if tab.conversation else {"id": "", "created_at": ""}
    return Effect(Mark(newest["id"], newest["created_at"]), LoopClock().now() + seconds)


def later(seconds: float, what: Callable[[], object]) -> None:
    asyncio.get_running_loop().call_later(seconds, what)


@pytest.mark.parametrize("text", ["hello", *HOSTILE], ids=range(6))
def test_a_text_is_sent_as_it_was_written(text: str) -> None:
    """Markup, newlines, emoji, right-to-left marks, ten thousand characters."""

    async def scenario() -> None:
        tab = StubTab(written(("fan-1", "hi")))
        data = await send_message(attempt(tab, message_content=text))
        assert data == {"fan": "fan-1", "message_id": "2", "sent_at": time_of(2), "found_in_conversation": False}
        assert tab.conversation[-1]["text"] == text

    run(scenario())


@pytest.mark.requirement("9.5")
def test_the_conversation_and_the_time_until_when_it_may_come_are_recorded_before_anything_leaves() -> None:
    """Whoever takes over knows where to look, and until when: the click, its answer and the site's lateness."""

    async def scenario() -> None:
        for conversation, mark in [(written(("fan-1", "hi")), Mark("1", time_of(1), "now")), ([], Mark("", "", "now"))]:
            once = MemoryOnce()
            await send_message(attempt(StubTab(conversation, date="now"), once))
            assert once.recorded == [Effect(mark, LoopClock().now() + 30 + LATE_SECONDS)]

    run(scenario())


def test_who_lost_the_lease_does_not_post() -> None:
    """Another worker has the job."""

    async def scenario() -> None:
        tab = StubTab()
        with pytest.raises(LeaseLost):
            await send_message(attempt(tab, MemoryOnce(is_lost=True)))
        assert tab.clicks == tab.posts == 0

    run(scenario())


@pytest.mark.requirement("9.5")
@pytest.mark.parametrize("error", NO_ANSWERS, ids=repr)
@pytest.mark.parametrize("late", [0.0, 5.0, 45.0, 119.0])
def test_a_message_that_comes_late_is_found_and_not_sent_again(error: HuntazeError, late: float) -> None:
    """Silence, a reset, a gateway, a broken page: the site may act on it for two minutes."""

    async def scenario() -> None:
        tab, once = StubTab(written(("me", "hello"), ("fan-1", "hi"))), MemoryOnce()
        tab.fails["post_unseen"] = error
        with pytest.raises(type(error)):
            await send_message(attempt(tab, once))
        later(late, lambda: tab.arrive("hello"))
        data = await send_message(attempt(tab, once))
        assert (data["message_id"], data["found_in_conversation"]) == ("3", True)
        assert tab.posts == 1

    run(scenario())


@pytest.mark.requirement("9.5")
@pytest.mark.parametrize("error", NO_ANSWERS, ids=repr)
def test_nothing_is_sent_again_before_the_time_is_over(error: HuntazeError) -> None:
    """Then it is; and the conversation was asked a handful of times."""

    async def scenario() -> None:
        tab, once = StubTab(written(("fan-1", "hi"))), MemoryOnce()
        tab.fails["post_unseen"] = error
        with pytest.raises(type(error)):
            await send_message(attempt(tab, once))
        before, asked = LoopClock().now(), len(tab.requests)
        with pytest.raises(BeginAnew):
            await send_message(attempt(tab, once))
        assert LoopClock().now() - before == LATE_SECONDS
        data = await send_message(attempt(tab, once))
        assert (data["found_in_conversation"], tab.posts, len(tab.conversation)) == (False, 2, 2)
        assert len(tab.requests) - asked <= 12

    run(scenario())


@pytest.mark.requirement("9.5")
@pytest.mark.parametrize("is_there", [True, False])
def test_what_another_worker_posted_is_looked_for_at_once_and_waited_for_on_the_queue(is_there: bool) -> None:
    """There, it is the result; else the job goes back for as long as it may come, and others get the page."""

    async def scenario() -> None:
        tab = StubTab()
        once = MemoryOnce(at_the_end_of(tab, 100))
        if is_there:
            tab.arrive("hello")
        successor = replace(attempt(tab, once), patience_seconds=10)
        if is_there:
            assert (await send_message(successor))["found_in_conversation"]
        else:
            with pytest.raises(StillOpen) as caught:
                await send_message(successor)
            assert caught.value.wait_seconds == 100
            assert once.effect is not None
        assert (LoopClock().monotonic(), tab.posts) == (0, 0)

    run(scenario())


def test_a_failure_that_the_site_itself_told_is_looked_for_once() -> None:
    """Its word is true at once: a message that it took all the same is there."""

    async def scenario() -> None:
        for fault, posts in (("post", 1), ("post_unseen", 2)):
            tab, once = StubTab(), MemoryOnce()
            tab.fails[fault] = TryAgain("the site failed", status=500)
            with pytest.raises(TryAgain):
                await send_message(attempt(tab, once))
            before = LoopClock().now()
            await send_message(attempt(tab, once))
            assert (LoopClock().now(), tab.posts, len(tab.conversation)) == (before, posts, 1)

    run(scenario())


@pytest.mark.parametrize("error", [SlowDown("x"), SignInAgain("x", status=401)], ids=repr)
def test_what_the_site_said_no_to_is_looked_for_before_it_is_sent_again_and_holds_up_no_end(
    error: HuntazeError,
) -> None:
    """No second message leaves without a look at the conversation; but the job may end on that word."""

    async def scenario() -> None:
        tab, once = StubTab(), MemoryOnce()
        tab.fails["post"] = error
        with pytest.raises(type(error)):
            await send_message(attempt(tab, once))
        assert once.effect is not None
        assert (once.effect.until, once.effect.is_doubtful) == (SAID_NO, False)
        assert (await send_message(attempt(tab, once)))["found_in_conversation"]
        assert tab.posts == 1

    run(scenario())


def test_a_refusal_leaves_nothing_to_look_for() -> None:
    """The job ends with it."""

    async def scenario() -> None:
        tab, once = StubTab(), MemoryOnce()
        tab.fails["post_unseen"] = Refused("blocked", status=403)
        with pytest.raises(Refused):
            await send_message(attempt(tab, once))
        assert once.effect is None

    run(scenario())


@pytest.mark.parametrize("step", ["compose", "open"])
def test_what_fails_before_anything_leaves_leaves_nothing_to_look_for(step: str) -> None:
    """A page that does not open, or posts nothing: the next attempt sends at once."""

    async def scenario() -> None:
        tab, once = StubTab(), MemoryOnce()
        tab.fails[step] = OddPage("the page posts nothing after the click")
        with pytest.raises(OddPage):
            await send_message(attempt(tab, once))
        assert once.effect is None

    run(scenario())


@pytest.mark.requirement("9.5")
def test_a_worker_that_stood_still_between_ledger_and_post_does_not_post() -> None:
    """Others reckon with the time until when it could have: what it holds may have been sent by them."""

    class SlowTab(StubTab):
        async def compose(self, selector: str, path: str) -> Any:
            await asyncio.sleep(31)
            return await super().compose(selector, path)

    async def scenario() -> None:
        tab, once = SlowTab(), MemoryOnce()
        with pytest.raises(OutOfTurn):
            await send_message(attempt(tab, once))
        assert (tab.posts, once.effect) == (0, None)

    run(scenario())


@pytest.mark.requirement("9.5")
def test_a_cancelled_attempt_leaves_what_may_still_come_of_it() -> None:
    """A task that is told to end in the middle of its request: its successor keeps to the time."""

    class SilentTab(StubTab):
        async def post(self, *_: Any) -> Any:
            await asyncio.sleep(10**6)

    async def scenario() -> None:
        once = MemoryOnce()
        running = asyncio.create_task(send_message(attempt(SilentTab(), once)))
        await asyncio.sleep(20)
        running.cancel()
        await asyncio.wait((running,))
        assert once.effect == Effect(Mark("", "", ""), LoopClock().now() + LATE_SECONDS)

    run(scenario())


def test_the_sites_own_word_that_it_took_the_message_is_proof_whatever_becomes_of_it() -> None:
    """The result could not be kept, and the owner has deleted the message meanwhile: it was sent."""

    async def scenario() -> None:
        tab, once = StubTab(), MemoryOnce()
        await send_message(attempt(tab, once))
        tab.conversation.clear()
        data = await send_message(attempt(tab, once))
        assert (data["message_id"], data["sent_at"], tab.posts) == ("1", time_of(1), 1)

    run(scenario())


def test_an_older_message_with_the_same_words_is_not_taken_for_ours() -> None:
    """The click was recorded and never made: the message is sent, though the same was said before."""

    async def scenario() -> None:
        tab = StubTab(written(("me", "hello"), ("fan-1", "hi")))
        data = await send_message(attempt(tab, MemoryOnce(at_the_end_of(tab, 0))))
        assert (data["message_id"], data["found_in_conversation"]) == ("3", False)

    run(scenario())


@pytest.mark.requirement("9.5")
@pytest.mark.parametrize("ours", [True, False], ids=["came", "did not come"])
def test_a_mark_that_was_deleted_proves_nothing(ours: bool) -> None:
    """The same words were written long ago: the site's own times tell them from ours."""

    async def scenario() -> None:
        tab = StubTab(written(("me", "hello"), *[("me", "x"), ("fan-1", "y")] * 20))
        tab.arrive("bye", "fan-1")
        once = MemoryOnce(at_the_end_of(tab, 0))
        del tab.conversation[-1]
        if ours:
            tab.arrive("hello", created_at=time_of(99))
        data = await send_message(attempt(tab, once))
        assert (data["found_in_conversation"], tab.posts) == (ours, 0 if ours else 1)

    run(scenario())


def test_a_fans_copy_of_our_words_is_not_taken_for_ours() -> None:
    """Only what we wrote counts."""

    async def scenario() -> None:
        tab = StubTab(written(("me", "x")))
        once = MemoryOnce(at_the_end_of(tab, 0))
        tab.arrive("hello", "fan-1")
        assert not (await send_message(attempt(tab, once)))["found_in_conversation"]

    run(scenario())


REWRITTEN = {
    "wait for it...": "wait for it…",
    "good morning :)": "good morning 😊",
    "good morning <3 xD": "good morning ❤ 😆",
    'say "yes"': "say “yes”",
    "so\u200b here it\u200d is": "so here it is",
    "two  blanks\n\n\n\nand lines": "two blanks\nand lines",
    "see https://Example.COM/a/long/path?with=a&query=1": "see example.com/a/lo…",
    "look https://example.com/x": "look https://site.example/away?to=https%3A%2F%2Fexample.com%2Fx",
    "Tom & Jerry <b>": "Tom &amp; Jerry &lt;b&gt;",
    "cafe\u0301 creme": "café crème",
    "Hello THERE": "hello there",
}


@pytest.mark.requirement("9.5")
@pytest.mark.parametrize("text", REWRITTEN)
def test_a_text_that_the_site_keeps_in_its_own_spelling_is_known_again(text: str) -> None:
    """Ellipses, emoticons, quotes, invisible characters, blanks, links, entities, letters and capitals."""

    async def scenario() -> None:
        tab, once = StubTab(makes_of=lambda _: REWRITTEN[text]), MemoryOnce()
        tab.fails["post"] = NoAnswer("x")
        with pytest.raises(NoAnswer):
            await send_message(attempt(tab, once, message_content=text))
        assert (await send_message(attempt(tab, once, message_content=text)))["found_in_conversation"]
        assert tab.posts == 1

    run(scenario())


@pytest.mark.requirement("9.5")
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (":)", "😊"),
        ("https://example.com/x", "https://sho.rt/1"),
        ("you bastard", "you *******"),
        ("hello", "[removed]"),
    ],
)
def test_what_may_be_our_message_is_never_sent_past(text: str, kept: str) -> None:
    """Nobody can tell, so the owner is told; but not before the time is over in which ours may come."""

    async def scenario() -> None:
        tab, once = StubTab(makes_of=lambda _: kept), MemoryOnce()
        tab.fails["post"] = NoAnswer("x")
        with pytest.raises(NoAnswer):
            await send_message(attempt(tab, once, message_content=text))
        before = LoopClock().now()
        with pytest.raises(NobodyKnows):
            await send_message(attempt(tab, once, message_content=text))
        assert (LoopClock().now() - before, tab.posts) == (LATE_SECONDS, 1)
        assert once.effect is not None

    run(scenario())


def test_another_message_that_the_creator_wrote_meanwhile_is_not_taken_for_ours() -> None:
    """Words that no site makes of ours: ours is sent."""

    async def scenario() -> None:
        tab = StubTab()
        once = MemoryOnce(at_the_end_of(tab, 0))
        tab.arrive("sorry, I was having dinner with a friend")
        assert not (await send_message(attempt(tab, once)))["found_in_conversation"]
        assert len(tab.conversation) == 2

    run(scenario())


def test_a_look_is_bounded_in_number() -> None:
    """So much was written since that the place is not found: nobody knows."""

    async def scenario() -> None:
        tab = StubTab(written(("fan-1", "hi")))
        once = MemoryOnce(at_the_end_of(tab, 0))
        for _ in range(MOST_SEEN + 1):
            tab.arrive("and another thing that I wanted to say", "fan-1")
        with pytest.raises(NobodyKnows, match="so much"):
            await send_message(attempt(tab, once))
        assert len(tab.requests) <= MOST_SEEN // 50 + 1

    run(scenario())


def test_what_is_not_to_be_tried_again_is_only_looked_for() -> None:
    """There: it is the result. Not there: the job had no effect, and its end may say so."""

    async def scenario() -> None:
        tab = StubTab()
        once = MemoryOnce(at_the_end_of(tab, 0), may_try=False)
        with pytest.raises(TriesUsedUp):
            await send_message(attempt(tab, once))
        assert once.effect is None
        once.effect = at_the_end_of(tab, 0)
        tab.arrive("hello")
        assert (await send_message(attempt(tab, once)))["found_in_conversation"]
        assert tab.posts == 0

    run(scenario())


@pytest.mark.parametrize("truncates_at", [0, 3])
def test_an_input_that_does_not_take_the_whole_text_is_not_sent(truncates_at: int) -> None:
    """Half a message is worse than none."""

    async def scenario() -> None:
        tab, once = StubTab(truncates_at=truncates_at), MemoryOnce()
        with pytest.raises(Refused, match="whole text"):
            await send_message(attempt(tab, once))
        assert (tab.clicks, once.effect) == (0, None)

    run(scenario())


def test_a_fan_who_does_not_exist_is_an_ordinary_answer() -> None:
    """Refused, as the site said."""

    async def scenario() -> None:
        tab = StubTab(fails={"open": no_such_fan()})
        with pytest.raises(Refused):
            await send_message(attempt(tab))

    run(scenario())


@pytest.mark.requirement("7.1")
@pytest.mark.parametrize("asks", ["get_json", "open"])
def test_a_site_that_asks_to_slow_down_is_heard_beside_any_other_error(asks: str) -> None:
    """The conversation and its page are asked for at the same time: the 429 of either counts, whatever the other met."""
    other = {"get_json": "open", "open": "get_json"}[asks]
    tab = StubTab(fails={asks: SlowDown("slow", wait_seconds=54), other: OddPage("odd")})

    with pytest.raises(SlowDown):
        run(send_message(attempt(tab)))
