"""The consumer on a queue, a clock and a processor in memory."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from huntaze_scraper.errors import ErrorClass
from huntaze_scraper.worker.circuit_breaker import CircuitBreaker, State, Verdict
from huntaze_scraper.worker.consumer import Consumer
from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.outcome import Outcome, Status, Then, comes_back, deleted
from huntaze_scraper.worker.readiness import Readiness
from huntaze_scraper.worker.shutdown import Shutdown
from tests.unit.worker.doubles import MemoryLedger, MemoryQueue, Samples
from tests.unit.worker.jumping_loop import LoopClock, run

DONE = deleted(Status.SUCCEEDED)
FAILED = comes_back(Status.FAILED, 60, ErrorClass.SERVER_ERROR)


@dataclass
class ScriptedProcessor:
    """Takes a while over each message, and then says what it is told to."""

    decide: Callable[[Message], Outcome] = lambda _: DONE
    seconds: float = 1.0
    begun: list[str] = field(default_factory=list)
    finished: list[tuple[str, str]] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    most_at_once: int = 0

    async def process(self, message: Message) -> Outcome:
        assert message.group_id not in self.running, "two messages of one group at once"
        self.running.add(message.group_id)
        self.most_at_once = max(self.most_at_once, len(self.running))
        self.begun.append(message.message_id)
        await asyncio.sleep(self.seconds)
        self.running.discard(message.group_id)
        outcome = self.decide(message)
        if outcome.then is Then.DELETE:
            self.finished.append((message.group_id, message.message_id))
        return outcome


class CautiousProcessor(ScriptedProcessor):
    """Asks the breaker for leave, as the real one does."""

    breaker: CircuitBreaker
    trials = 0

    async def process(self, message: Message) -> Outcome:
        now = asyncio.get_running_loop().time
        leave = self.breaker.admit(message.group_id, now())
        if leave is None:
            return comes_back(Status.RETURNED, self.breaker.wait_seconds(now()))
        is_trial = self.breaker.state(now()) is State.HALF_OPEN
        self.trials += is_trial
        assert self.trials <= 1, "two lanes try the site at once"
        outcome = await super().process(message)
        self.trials -= is_trial
        self.breaker.finished(leave, Verdict.FAILS if outcome.status is Status.FAILED else Verdict.WORKS, now())
        return outcome


class Bench:
    """A consumer with all that it needs."""

    def __init__(self, processor: ScriptedProcessor, pages: int = 4) -> None:
        self.clock = LoopClock()
        self.queue = MemoryQueue(self.clock)
        self.processor = processor
        self.pages = pages
        self.breaker = CircuitBreaker()
        self.shutdown = Shutdown(60)
        self.ledger = MemoryLedger(self.clock)
        self.in_hand = InHand(self.queue, self.ledger, self.clock, 300)
        self.readiness = Readiness({"state table": self.ledger.probe}, Samples())
        self.consumer = self.new_consumer()

    def new_consumer(self) -> Consumer:
        return Consumer(
            self.queue,
            self.processor,
            self.in_hand,
            self.breaker,
            self.readiness,
            self.shutdown,
            self.clock,
            self.pages,
        )

    def send(self, *groups: str) -> list[str]:
        return [
            f"m-{self.queue.send_job(creator_id=group, user_id=f'fan-{number}').number}"
            for number, group in enumerate(groups)
        ]

    async def work(self, seconds: float, done: Callable[[], bool] = lambda: False) -> None:
        """Let it work for so long, or until all is done, and then come to its end."""
        heartbeat = asyncio.create_task(self.in_hand.run())
        looking = asyncio.create_task(self.readiness.run())
        running = asyncio.create_task(self.consumer.run())
        ends = self.clock.monotonic() + seconds
        while (left := ends - self.clock.monotonic()) > 0 and not done():  # noqa: ASYNC110 - a look costs nothing
            await asyncio.sleep(min(left, 100))
        self.shutdown.begin()
        await running
        heartbeat.cancel()
        looking.cancel()


def open_up(breaker: CircuitBreaker, now: float) -> None:
    for leave in [breaker.admit(account, now) for account in "abcde"]:
        assert leave is not None
        breaker.finished(leave, Verdict.FAILS, now)


@pytest.mark.parametrize("downloads", [4, 6, 12])
def test_downloads_keep_no_page_from_a_job_that_needs_one(downloads: int) -> None:
    """However many wait for one another, a message of another account is begun at once."""

    class SlowFiles(ScriptedProcessor):
        async def process(self, message: Message) -> Outcome:
            self.seconds = 1 if message.needs_page else 3600
            return await super().process(message)

    async def scenario() -> None:
        processor = SlowFiles()
        bench = Bench(processor)
        for number in range(downloads):
            bench.queue.send_job(action="download_media", creator_id=f"d-{number}", media_urls=["/x"])
        working = asyncio.create_task(bench.work(60))
        await asyncio.sleep(30)
        assert (processor.most_at_once, processor.finished) == (4, [])
        bench.send("a")
        await asyncio.sleep(25)
        assert [group for group, _ in processor.finished] == ["a"]
        await working

    run(scenario())


@pytest.mark.requirement("3.5", "4.2")
def test_a_group_is_worked_off_in_order_and_each_success_deleted() -> None:
    """Ten messages of one group: one after the other, as sent, deleted one by one."""

    async def scenario() -> None:
        bench = Bench(ScriptedProcessor())
        sent = bench.send(*["a"] * 10)
        await bench.work(60)
        assert bench.processor.begun == sent
        assert bench.queue.deleted == sent

    run(scenario())


@pytest.mark.requirement("2.1")
def test_groups_are_worked_on_at_the_same_time_up_to_the_pages() -> None:
    """Six groups on four pages: four at once."""

    async def scenario() -> None:
        bench = Bench(ScriptedProcessor(), pages=4)
        bench.send("a", "b", "c", "d", "e", "f")
        await bench.work(60)
        assert bench.processor.most_at_once == 4
        assert len(bench.processor.finished) == 6

    run(scenario())


@pytest.mark.requirement("4.1", "4.3")
def test_a_failed_message_takes_the_later_ones_of_its_group_back_with_it_and_no_others() -> None:
    """Trap 8: the second of three fails; the third is not touched, other groups go on, and all come in order later."""

    async def scenario() -> None:
        failures = {"m-2": 1}

        def decide(message: Message) -> Outcome:
            if failures.pop(message.message_id, 0):
                return comes_back(Status.FAILED, 60, ErrorClass.SERVER_ERROR)
            return DONE

        bench = Bench(ScriptedProcessor(decide))
        bench.send("a", "a", "a", "b")
        await bench.work(200)
        assert bench.queue.changes[0] == (["m-2", "m-3"], 60)
        assert [message for group, message in bench.processor.finished if group == "a"] == ["m-1", "m-2", "m-3"]
        assert bench.processor.begun.count("m-3") == 1
        assert ("b", "m-4") in bench.processor.finished

    run(scenario())


def test_a_failed_deletion_is_survived() -> None:
    """The message comes back when its visibility ends, and the worker goes on meanwhile."""

    async def scenario() -> None:
        bench = Bench(ScriptedProcessor())
        bench.send("a", "a")
        deletions = bench.queue.delete
        failing = [True]

        async def delete(message: Message) -> None:
            bench.queue.is_down = failing.pop() if failing else False
            try:
                await deletions(message)
            finally:
                bench.queue.is_down = False

        bench.queue.delete = delete  # type: ignore[method-assign]
        await bench.work(400)
        assert bench.processor.begun == ["m-1", "m-2", "m-1"]
        assert bench.queue.records == []

    run(scenario())


def test_what_takes_long_stays_invisible_to_others() -> None:
    """A job of half an hour, and the ones behind it, are kept by the heartbeat."""

    async def scenario() -> None:
        bench = Bench(ScriptedProcessor(seconds=1800))
        sent = bench.send("a", "a")
        await bench.work(3700)
        assert bench.processor.begun == sent
        assert [record.receives for record in bench.queue.records] == []

    run(scenario())


@pytest.mark.requirement("6.5")
def test_at_the_end_what_runs_is_finished_and_the_rest_handed_back_after_it() -> None:
    """The later ones of a group become visible only when the one that runs is done with: never before it."""

    async def scenario() -> None:
        bench = Bench(ScriptedProcessor(seconds=10))
        bench.send("a", "a", "a", "b")
        await bench.work(5)
        assert sorted(bench.queue.deleted) == ["m-1", "m-4"]
        assert set(map(repr, bench.queue.changes)) == {repr((["m-2", "m-3"], 0))}
        assert bench.processor.begun == ["m-1", "m-4"]
        assert all(record.invisible_until <= bench.clock.now() for record in bench.queue.records)

    run(scenario())


@pytest.mark.requirement("6.5")
def test_what_a_poll_brings_after_the_end_began_is_handed_back() -> None:
    """A long poll under way is waited for; its messages go back untouched."""

    async def scenario() -> None:
        bench = Bench(ScriptedProcessor())
        asyncio.get_running_loop().call_later(7, bench.send, "a", "a")
        await bench.work(5)
        assert bench.processor.begun == []
        assert bench.queue.changes == [(["m-1", "m-2"], 0)]
        assert bench.clock.monotonic() <= 20

    run(scenario())


@pytest.mark.requirement("7.4")
def test_nothing_is_received_while_the_breaker_is_open_and_one_message_tries_it() -> None:
    """Open: no receive. Half open: one message. Closed by it: the others."""

    async def scenario() -> None:
        bench = Bench(ScriptedProcessor(seconds=2))
        open_up(bench.breaker, 0)
        bench.send("a", "b", "c")
        running = asyncio.create_task(bench.consumer.run())
        await asyncio.sleep(59)
        assert [record.receives for record in bench.queue.records] == [0, 0, 0]
        await asyncio.sleep(2)
        assert [record.receives for record in bench.queue.records] == [1, 0, 0]
        leave = bench.breaker.admit("a", bench.clock.monotonic())
        assert leave is not None
        bench.breaker.finished(leave, Verdict.WORKS, bench.clock.monotonic())
        await asyncio.sleep(30)
        assert bench.queue.records == []
        bench.shutdown.begin()
        await running

    run(scenario())


def test_what_is_in_hand_when_the_breaker_opens_goes_back_until_it_may_be_tried() -> None:
    """The rest of a lane is handed back for as long as the breaker stays open."""

    async def scenario() -> None:
        bench = Bench(ScriptedProcessor())

        def decide(_: Message) -> Outcome:
            open_up(bench.breaker, bench.clock.monotonic())
            return DONE

        bench.processor.decide = decide
        bench.send("a", "a", "a")
        await bench.work(5)
        assert bench.queue.changes == [(["m-2", "m-3"], 60)]

    run(scenario())


@pytest.mark.requirement("7.4")
@given(
    groups=st.lists(st.sampled_from("abcdef"), min_size=6, max_size=30),
    jobs=st.lists(st.tuples(st.sampled_from([0.5, 5, 70, 900]), st.booleans()), max_size=60),
)
@settings(max_examples=40, deadline=None)
def test_half_open_one_lane_tries_the_site_whatever_the_others_have_in_hand(
    groups: list[str], jobs: list[tuple[float, bool]]
) -> None:
    """Also the lanes that were busy when it opened wait for the one; afterwards all is done, in order."""

    async def scenario() -> None:
        told = list(jobs)
        processor = CautiousProcessor()

        def decide(_: Message) -> Outcome:
            processor.seconds, fails = told.pop() if told else (0.5, False)
            return FAILED if fails else DONE

        processor.decide = decide
        bench = Bench(processor)
        processor.breaker = bench.breaker
        sent = list(zip(groups, bench.send(*groups), strict=True))
        await bench.work(100_000, done=lambda: len(processor.finished) == len(sent))
        for group in set(groups):
            assert [m for each, m in processor.finished if each == group] == [m for each, m in sent if each == group]

    run(scenario())


def test_half_open_a_long_job_of_before_keeps_nobody_from_trying() -> None:
    """One lane has had a file of an hour in hand since before it opened: another account's job tries all the same."""

    async def scenario() -> None:
        processor = CautiousProcessor(seconds=3600)
        bench = Bench(processor)
        processor.breaker = bench.breaker
        bench.send("a")
        running = asyncio.create_task(bench.consumer.run())
        await asyncio.sleep(10)
        open_up(bench.breaker, bench.clock.monotonic())
        processor.seconds = 1
        bench.send("b")
        await asyncio.sleep(100)
        assert bench.queue.deleted == ["m-2"]
        assert bench.breaker.state(bench.clock.monotonic()) is State.CLOSED
        running.cancel()

    run(scenario())


def test_a_queue_that_does_not_answer_is_asked_again_with_growing_pauses() -> None:
    """The loop outlives the outage."""

    async def scenario() -> None:
        bench = Bench(ScriptedProcessor())
        bench.send("a")
        bench.queue.is_down = True
        asyncio.get_running_loop().call_later(100, setattr, bench.queue, "is_down", False)
        await bench.work(200)
        assert bench.queue.deleted == ["m-1"]

    run(scenario())


def test_a_task_that_cannot_receive_looks_at_its_stores_and_so_meets_their_silence() -> None:
    """Else it would take a lease that nobody could give back meanwhile for a worker's death."""

    async def scenario() -> None:
        bench = Bench(ScriptedProcessor())
        bench.ledger.is_down = bench.queue.is_down = True
        working = asyncio.create_task(bench.work(20))
        await asyncio.sleep(10)
        assert bench.readiness.missing == ("state table",)
        await working

    run(scenario())


@given(
    groups=st.lists(st.sampled_from("abcd"), min_size=1, max_size=25),
    script=st.lists(st.sampled_from(["done", "fail", "limit", "return", "lost"]), max_size=12),
    stops=st.lists(st.floats(1, 100), max_size=3),
    pages=st.integers(1, 4),
)
@settings(max_examples=40, deadline=None)
def test_each_group_is_finished_in_order_whatever_fails_and_however_often_workers_stop(
    groups: list[str], script: list[str], stops: list[float], pages: int
) -> None:
    """Nothing is lost, nothing is finished twice, and no message overtakes one of its group."""
    told = {
        "done": DONE,
        "fail": comes_back(Status.FAILED, 60, ErrorClass.SERVER_ERROR),
        "limit": comes_back(Status.RATE_LIMITED, 30, ErrorClass.RATE_LIMIT),
        "return": comes_back(Status.RETURNED, 0),
        "lost": Outcome(Status.RETURNED, Then.LET_GO),
    }

    async def scenario() -> None:
        words = list(script)
        processor = ScriptedProcessor(lambda _: told[words.pop(0)] if words else DONE)
        bench = Bench(processor, pages)
        sent = list(zip(groups, bench.send(*groups), strict=True))
        for seconds in [*stops, 6000.0]:
            bench.shutdown = Shutdown(60)
            bench.consumer = bench.new_consumer()
            await bench.work(seconds)
        by_group = defaultdict(list)
        for group, message in processor.finished:
            by_group[group].append(message)
        for group in set(groups):
            assert by_group[group] == [message for each, message in sent if each == group]
        assert bench.queue.records == []

    run(scenario())


def test_what_goes_back_goes_with_its_reason() -> None:
    """The log says for how long a message was handed back, and why."""

    async def scenario() -> None:
        processor = ScriptedProcessor(lambda _: comes_back(Status.RETURNED, 30, reason="no turn at the site yet"))
        bench = Bench(processor)
        bench.send("anna")
        await bench.work(20)

    with capture_logs() as lines:
        run(scenario())
    told = [(it["seconds"], it["reason"]) for it in lines if it["event"] == "messages_handed_back"]
    assert told[0] == (30, "no turn at the site yet")
