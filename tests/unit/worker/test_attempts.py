"""Attempts at a job, with tabs and actions that do as they are told."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from huntaze_scraper.errors import (
    BrowserUnavailable,
    HumanWanted,
    HuntazeError,
    NoAnswer,
    OddPage,
    OutOfTurn,
    PageBroken,
    Refused,
    SignInAgain,
    SiteError,
    SlowDown,
    StoreUnavailable,
    TriesUsedUp,
    TryAgain,
    Unanswered,
)
from huntaze_scraper.limit.turns import Turns
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans.effects import Effect, Mark
from huntaze_scraper.onlyfans.run import Run
from huntaze_scraper.onlyfans.sign_in import SignedInTabs
from huntaze_scraper.telemetry import logs
from huntaze_scraper.telemetry.redaction import Redactor
from huntaze_scraper.worker.attempts import Attempts
from huntaze_scraper.worker.results import JobFiles
from huntaze_scraper.worker.shutdown import Interrupted, Shutdown
from tests.unit.onlyfans.memory_once import MemoryOnce
from tests.unit.worker.doubles import SENT, FreeTurns, MemoryObjectStore, Samples, job
from tests.unit.worker.jumping_loop import LoopClock, run


@dataclass(eq=False)
class StubTab:
    number: int
    session_version: int = 1
    is_signed_out: bool = False

    async def reconsider(self, refusal: Refused) -> SiteError:
        return SignInAgain("the page shows the log-in", status=refusal.status) if self.is_signed_out else refusal


@dataclass
class StubTabs:
    """Gives out numbered tabs, and notes what becomes of them."""

    refuses: list[HuntazeError] = field(default_factory=list)
    fate: list[str] = field(default_factory=list)
    stale: list[int | None] = field(default_factory=list)
    signed_out: set[int] = field(default_factory=set)
    taken: int = 0

    async def take(self, _account: str, stale_version: int | None = None) -> StubTab:
        self.stale.append(stale_version)
        self.taken += 1
        if self.refuses:
            raise self.refuses.pop(0)
        return StubTab(self.taken, is_signed_out=self.taken in self.signed_out)

    async def keep(self, _account: str, tab: StubTab) -> None:
        self.fate.append(f"{tab.number} kept")

    async def discard(self, tab: StubTab, *, replace_browser: bool = False) -> None:
        self.fate.append(f"{tab.number} {'browser replaced' if replace_browser else 'discarded'}")


class Bench:
    def __init__(self, *script: Any, requests: FreeTurns | None = None) -> None:
        self.script = list(script)
        self.tabs = StubTabs()
        self.samples = Samples()
        self.shutdown = Shutdown(60)
        self.runs: list[tuple[float, float]] = []
        self.once = MemoryOnce()
        self.turns = FreeTurns()
        self.attempts = Attempts(
            cast("SignedInTabs", self.tabs),
            {"send_message": self._act},
            self.samples,
            LoopClock(),
            self.shutdown,
            cast("Turns", self.turns),
            cast("Turns | None", requests),
        )

    async def _act(self, attempt: Run) -> Mapping[str, Any]:
        self.runs.append((LoopClock().monotonic(), attempt.seconds))
        told = self.script.pop(0)
        await attempt.pace()
        if isinstance(told, BaseException):
            raise told
        return dict(told)

    async def carry_out(self) -> Mapping[str, Any]:
        files = JobFiles(MemoryObjectStore(), "creator-1", "job")
        return await self.attempts.carry_out(job(), self.once, files)


def test_a_refusal_from_a_session_that_is_over_signs_in_again_and_counts_only_if_it_is_repeated() -> None:
    """The first tab shows the log-in, the second does not."""

    async def scenario() -> None:
        refused = Refused("the site refuses", status=403)
        bench = Bench(refused, SENT)
        bench.tabs.signed_out = {1}
        assert await bench.carry_out() == SENT
        bench = Bench(refused, refused)
        bench.tabs.signed_out = {1}
        with pytest.raises(Refused):
            await bench.carry_out()
        assert bench.tabs.stale == [None, 1]

    run(scenario())


@pytest.mark.requirement("7.2")
def test_server_errors_are_retried_after_1_2_4_seconds_on_the_same_tab() -> None:
    """Four attempts at 0, 1, 3 and 7 s; a tab that answered is as good as before."""

    async def scenario() -> None:
        bench = Bench(*[TryAgain("x", status=502)] * 4)
        with pytest.raises(TryAgain):
            await bench.carry_out()
        assert [moment for moment, _ in bench.runs] == [0, 1, 3, 7]
        assert bench.tabs.fate == ["1 kept", "2 kept", "3 kept", "4 kept"]
        assert bench.samples.of(Metric.ONLYFANS_5XX_COUNT) == [1, 1, 1, 1]

    run(scenario())


@pytest.mark.requirement("7.2")
def test_time_outs_are_retried_with_30_60_and_120_seconds_each_in_a_new_tab() -> None:
    """The page that hung on is thrown away."""

    async def scenario() -> None:
        bench = Bench(*[NoAnswer("x")] * 3, SENT)
        assert await bench.carry_out() == SENT
        assert [seconds for _, seconds in bench.runs] == [30, 30, 60, 120]
        assert bench.tabs.fate == ["1 discarded", "2 discarded", "3 discarded", "4 kept"]

    run(scenario())


def test_a_broken_page_replaces_the_browser_once() -> None:
    """Then it is a failure."""

    async def scenario() -> None:
        bench = Bench(PageBroken("x"), PageBroken("x"))
        with pytest.raises(PageBroken):
            await bench.carry_out()
        assert bench.tabs.fate == ["1 browser replaced", "2 discarded"]

    run(scenario())


def test_an_odd_page_is_looked_at_once_more_in_the_same_browser() -> None:
    """Another Chromium would show the same page."""

    async def scenario() -> None:
        bench = Bench(OddPage("x"), OddPage("x"))
        with pytest.raises(OddPage):
            await bench.carry_out()
        assert bench.tabs.fate == ["1 discarded", "2 discarded"]

    run(scenario())


def test_a_401_signs_in_once_with_a_newer_session() -> None:
    """The second tab must come from a later log-in than the first."""

    async def scenario() -> None:
        bench = Bench(SignInAgain("x", status=401), SENT)
        assert await bench.carry_out() == SENT
        assert bench.tabs.stale == [None, 1]

    run(scenario())


def test_a_log_in_that_did_not_go_through_is_tried_again_and_the_old_session_is_not() -> None:
    """A 401, then a log-in that meets a 503: the next attempt still wants a newer session."""

    async def scenario() -> None:
        bench = Bench(SignInAgain("x", status=401), SENT)
        bench.tabs.refuses = []
        take = bench.tabs.take

        async def take_badly(_account: str, stale_version: int | None = None) -> StubTab:
            if bench.tabs.taken == 1:
                bench.tabs.refuses = [TryAgain("x", status=503)]
            return await take(_account, stale_version)

        bench.tabs.take = take_badly  # type: ignore[method-assign]
        assert await bench.carry_out() == SENT
        assert bench.tabs.stale == [None, 1, 1]

    run(scenario())


def test_a_refused_log_in_is_not_tried_again() -> None:
    """Asking twice with the same password is how accounts are locked."""

    async def scenario() -> None:
        bench = Bench()
        bench.tabs.refuses = [SignInAgain("wrong password", status=401)]
        with pytest.raises(SignInAgain):
            await bench.carry_out()
        assert bench.tabs.taken == 1

    run(scenario())


@pytest.mark.requirement("7.1", "7.3")
@pytest.mark.parametrize("error", [SlowDown("x"), Refused("x", status=404), HumanWanted("x", status=403)])
def test_what_the_site_decided_is_not_asked_again(error: HuntazeError) -> None:
    """429, other 4xx and a challenge: one attempt."""

    async def scenario() -> None:
        bench = Bench(error)
        with pytest.raises(type(error)):
            await bench.carry_out()
        assert len(bench.runs) == 1

    run(scenario())


def test_each_kind_of_answer_has_its_metric() -> None:
    """429, 4xx, 5xx and challenges are told apart."""

    async def scenario() -> None:
        for error, metric in [
            (SlowDown("x"), Metric.ONLYFANS_429_COUNT),
            (Refused("x", status=404), Metric.ONLYFANS_4XX_COUNT),
            (HumanWanted("x", status=403), Metric.CHALLENGE_COUNT),
        ]:
            bench = Bench(error)
            with pytest.raises(type(error)):
                await bench.carry_out()
            assert [name for name, _, _ in bench.samples.taken if name is not Metric.TURN_WAIT_MS] == [metric]

    run(scenario())


@pytest.mark.requirement("7.5")
def test_each_error_is_logged_with_what_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Each attempt's beginning and its wait for a turn; class, status, request, attempt, and whether it is tried again."""
    import sys

    logs.configure(Redactor(), sys.stdout)

    async def scenario() -> None:
        bench = Bench(TryAgain("the site failed", status=503, request="POST /api/x"), SENT)
        with logs.job_lines(0.0, message_id="m-1", creator_id="c-1", action="send_message", correlation_id="t-1"):
            await bench.carry_out()

    run(scenario())
    lines = [json.loads(it) for it in capsys.readouterr().out.splitlines()]
    begun = [(it["attempt"], it["waited_ms"] >= 0) for it in lines if it["event"] == "attempt_begins"]
    assert begun == [(1, True), (2, True)]
    line = next(it for it in lines if it["event"] == "site_error")
    expected = {
        "event": "site_error",
        "error_class": "server_error",
        "http_status": 503,
        "request": "POST /api/x",
        "attempt": 1,
        "tries_again": True,
        "wait_seconds": 1.0,
        "message_id": "m-1",
        "creator_id": "c-1",
        "action": "send_message",
        "correlation_id": "t-1",
        "status": "running",
    }
    assert {name: line.get(name) for name in expected} == expected
    assert line["duration_ms"] >= 0


def test_no_attempt_is_begun_once_the_worker_stops() -> None:
    """A retry that waits is given up at once."""

    async def scenario() -> None:
        bench = Bench(*[TryAgain("x", status=500)] * 4)
        asyncio.get_running_loop().call_later(1.5, bench.shutdown.begin)
        with pytest.raises(Interrupted):
            await bench.carry_out()
        assert LoopClock().monotonic() == 1.5
        assert len(bench.runs) == 2

    run(scenario())


@pytest.mark.parametrize("error", [BrowserUnavailable("x"), ZeroDivisionError(), asyncio.CancelledError()])
def test_a_tab_is_closed_before_anybody_else_may_have_the_job(error: BaseException) -> None:
    """Whatever ends an attempt, no click of it can still be under way."""

    async def scenario() -> None:
        bench = Bench(error)
        with pytest.raises(type(error)):
            await bench.carry_out()
        assert bench.tabs.fate == ["1 discarded"]

    run(scenario())


OPEN = Effect(Mark("7"), LoopClock.epoch + 10**6)
DUE = Effect(Mark("7"), LoopClock.epoch)


@pytest.mark.parametrize(("came", "looks"), [(SENT, 1), (TriesUsedUp("x"), 1), (TryAgain("x", status=503), 1)])
def test_before_it_gives_up_on_a_sites_word_it_looks_once_what_came_all_the_same(came: Any, looks: int) -> None:
    """The site said four times that it had failed: had it not, that is a success; else its word is the end."""

    async def scenario() -> None:
        failed = TryAgain("x", status=500)
        bench = Bench(*[failed] * 4, came)
        bench.once.effect = DUE
        if came is SENT:
            assert await bench.carry_out() == SENT
        else:
            with pytest.raises(TryAgain) as caught:
                await bench.carry_out()
            assert caught.value is failed
        assert (len(bench.runs), bench.once.may_try) == (4 + looks, False)

    run(scenario())


def test_what_may_still_come_is_not_looked_for_at_the_end_of_the_attempts() -> None:
    """It is left to whoever takes the job up, when the time is over."""

    async def scenario() -> None:
        bench = Bench(*[Unanswered("x", status=504)] * 4)
        bench.once.effect = OPEN
        with pytest.raises(Unanswered):
            await bench.carry_out()
        assert len(bench.runs) == 4

    run(scenario())


def test_a_wait_for_an_effect_ends_with_the_worker() -> None:
    """The job goes back, with what is known."""

    async def wait(attempt: Run) -> Mapping[str, Any]:
        await attempt.sleep(100)
        return SENT

    async def scenario() -> None:
        bench = Bench()
        bench.attempts._actions = {"send_message": wait}
        asyncio.get_running_loop().call_later(5, bench.shutdown.begin)
        with pytest.raises(Interrupted):
            await bench.carry_out()
        assert LoopClock().monotonic() == 5

    run(scenario())


@pytest.mark.requirement("9.1")
def test_each_attempt_takes_a_turn_before_it_has_a_tab() -> None:
    """The retries too: each of them acts on the site."""

    async def scenario() -> None:
        bench = Bench(*[TryAgain("x", status=503)] * 2, SENT)
        await bench.carry_out()
        assert [(account, priority) for account, priority, _ in bench.turns.asked] == [("creator-1", "normal")] * 3
        assert len(bench.samples.of(Metric.TURN_WAIT_MS)) == 3

    run(scenario())


@pytest.mark.requirement("9.1")
def test_a_job_whose_turn_is_far_off_has_no_tab_and_is_put_off() -> None:
    """Others use the page meanwhile."""

    async def scenario() -> None:
        bench = Bench()
        bench.turns.script = [OutOfTurn(42)]
        with pytest.raises(OutOfTurn):
            await bench.carry_out()
        assert bench.tabs.taken == 0
        assert bench.samples.of(Metric.TURN_PUT_OFF_COUNT) == [1]

    run(scenario())


@pytest.mark.requirement("9.1", "7.2")
def test_a_retry_whose_turn_is_far_off_leaves_the_error_to_count() -> None:
    """Else a job that always fails would be handed back for ever."""

    async def scenario() -> None:
        bench = Bench(TryAgain("x", status=503))
        bench.turns.script = [None, OutOfTurn(500)]
        with pytest.raises(TryAgain):
            await bench.carry_out()

    run(scenario())


@pytest.mark.requirement("9.1")
def test_without_the_store_nothing_is_tried() -> None:
    """No turn, no act."""

    async def scenario() -> None:
        bench = Bench()
        bench.turns.script = [StoreUnavailable("down")]
        with pytest.raises(StoreUnavailable):
            await bench.carry_out()
        assert bench.tabs.taken == 0

    run(scenario())


@pytest.mark.requirement("9.1")
def test_what_an_account_asks_takes_a_turn_of_its_own_limit_and_waits_for_it() -> None:
    """Where requests are limited, each is in its turn, besides the attempt's; one that is far off puts the job off."""

    async def scenario() -> None:
        requests = FreeTurns(None, OutOfTurn(500))
        bench = Bench(SENT, SENT, requests=requests)
        await bench.carry_out()
        with pytest.raises(OutOfTurn):
            await bench.carry_out()
        assert [account for account, _, _ in requests.asked] == ["creator-1"] * 2
        assert len(bench.turns.asked) == 2

    run(scenario())
