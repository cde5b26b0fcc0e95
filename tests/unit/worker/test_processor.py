"""What becomes of a message: the table of the error classes, on stores in memory."""

import asyncio
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import fastjsonschema
import pytest

from huntaze_scraper.errors import (
    BrowserUnavailable,
    ErrorClass,
    HumanWanted,
    LeaseLost,
    NoAnswer,
    OutOfTurn,
    PageBroken,
    Refused,
    SignInAgain,
    SiteError,
    SlowDown,
    StoreRefused,
    StoreUnavailable,
    TryAgain,
    TryAgainLonger,
)
from huntaze_scraper.jobs import Job
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans.effects import SAID_NO, Effect, Mark
from huntaze_scraper.onlyfans.keeping import Artifacts, Once
from huntaze_scraper.state.job_entry import State
from huntaze_scraper.telemetry.redaction import REDACTED, Redactor
from huntaze_scraper.worker import results
from huntaze_scraper.worker.circuit_breaker import CircuitBreaker
from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.outcome import Outcome, Status, Then
from huntaze_scraper.worker.processor import Processor
from huntaze_scraper.worker.reactions import Reactions
from huntaze_scraper.worker.readiness import Readiness
from huntaze_scraper.worker.shutdown import Shutdown
from tests.unit.worker.doubles import (
    SENT,
    MemoryLedger,
    MemoryObjectStore,
    MemoryPauses,
    MemoryQueue,
    Samples,
    ScriptedCarrier,
    job,
)
from tests.unit.worker.jumping_loop import LoopClock, run

COUNTED: list[SiteError] = [
    TryAgain("x", status=503),
    TryAgainLonger("x"),
    NoAnswer("x"),
    SignInAgain("x", status=401),
    HumanWanted("x", status=403),
    PageBroken("x"),
]
FAILURE = fastjsonschema.compile(
    json.loads(files("huntaze_scraper").joinpath("schemas/result-failure.json").read_text())
)


class Bench:
    """A processor with all that it needs."""

    def __init__(self, *script: object, max_failures: int = 3, max_receives: int = 1000) -> None:
        self.clock = LoopClock()
        self.queue = MemoryQueue(self.clock)
        self.ledger = MemoryLedger(self.clock)
        self.pauses = MemoryPauses()
        self.store = MemoryObjectStore()
        self.samples = Samples()
        self.carrier = ScriptedCarrier(script)
        self.breaker = CircuitBreaker()
        self.shutdown = Shutdown(60)
        self.redactor = Redactor()
        self.in_hand = InHand(self.queue, self.ledger, self.clock, 300)
        self.readiness = Readiness({}, self.samples)
        self.processor = Processor(
            ledger=self.ledger,
            pauses=self.pauses,
            store=self.store,
            reactions=Reactions(
                self.queue, self.ledger, self.pauses, self.store, self.clock, self.redactor, max_failures, max_receives
            ),
            carrier=self.carrier,
            in_hand=self.in_hand,
            breaker=self.breaker,
            readiness=self.readiness,
            metrics=self.samples,
            clock=self.clock,
            shutdown=self.shutdown,
        )

    async def receive(self) -> Message:
        (message,) = await self.queue.receive(1)
        return message

    async def process(self) -> Outcome:
        """Take one message and do to the queue what the consumer would."""
        message = await self.receive()
        outcome = await self.processor.process(message)
        if outcome.then is Then.DELETE:
            await self.queue.delete(message)
        if outcome.then is Then.COME_BACK:
            await self.queue.change_visibility([message], round(outcome.visibility_seconds))
            await asyncio.sleep(outcome.visibility_seconds + 5)
        return outcome

    def item(self) -> dict[str, Any]:
        (item,) = self.ledger.items.values()
        return item


def test_a_job_that_goes_through_leaves_its_result_and_is_deleted() -> None:
    """Result in its place, ledger done, message deletable."""

    async def scenario() -> None:
        bench = Bench()
        bench.queue.send_job()
        outcome = await bench.process()
        assert (outcome.status, outcome.then) == (Status.SUCCEEDED, Then.DELETE)
        document = bench.store.document(results.key("creator-1", job().job_id))
        assert document["status"] == "succeeded"
        assert document["data"] == SENT
        assert bench.item()["state"] is State.DONE
        assert bench.samples.of(Metric.SCRAPING_SUCCESS_RATE) == [100]

    run(scenario())


@pytest.mark.requirement("7.1")
def test_a_429_goes_back_for_its_retry_after_uncounted_however_often() -> None:
    """Ten 429s: no failure, no DLQ; the account rests for as long as the site said."""

    async def scenario() -> None:
        bench = Bench(*[SlowDown("slow", wait_seconds=120)] * 10, SENT)
        bench.queue.send_job()
        for number in range(10):
            outcome = await bench.process()
            assert (outcome.status, outcome.visibility_seconds) == (Status.RATE_LIMITED, 120)
            assert (bench.item()["failures"], bench.item()["rate_limits"]) == (0, number + 1)
        assert (await bench.process()).status is Status.SUCCEEDED
        assert bench.queue.buried == []

    run(scenario())


@pytest.mark.requirement("7.1", "9.6")
def test_a_limit_that_lasts_is_given_more_and_more_time_and_counts_nothing() -> None:
    """The site's word ten times; then up to an hour, however short the site's word is."""

    async def scenario() -> None:
        bench = Bench(*[SlowDown("slow", wait_seconds=1)] * 40, SENT)
        bench.queue.send_job()
        waits = [(await bench.process()).visibility_seconds for _ in range(40)]
        assert waits == [1.0] * 10 + [60.0, 120.0, 240.0, 480.0, 960.0, 1920.0] + [3600.0] * 24
        assert (bench.item()["failures"], bench.queue.buried) == (0, [])
        assert (await bench.process()).status is Status.SUCCEEDED

    run(scenario())


@pytest.mark.requirement("7.1")
def test_a_job_that_gets_on_between_429s_waits_for_what_the_site_asks_and_no_longer() -> None:
    """Pages of a long conversation: each stop begins a new row."""

    async def scenario() -> None:
        slow = SlowDown("slow", wait_seconds=30)
        slow.advanced = True
        bench = Bench(*[slow] * 30, SENT)
        bench.queue.send_job()
        assert {(await bench.process()).visibility_seconds for _ in range(30)} == {30}
        assert bench.item()["rate_limits"] == 1

    run(scenario())


@pytest.mark.requirement("7.1")
def test_an_account_that_was_asked_to_slow_down_gets_no_new_work_until_then() -> None:
    """Its next message goes back for what is left of the pause, and another account's is done."""

    async def scenario() -> None:
        bench = Bench(SlowDown("slow", wait_seconds=120), SENT)
        bench.queue.send_job()
        await bench.processor.process(await bench.receive())
        await asyncio.sleep(20)
        bench.queue.send_job(message_content="second", creator_id="creator-2")
        assert (await bench.processor.process(await bench.receive())).status is Status.SUCCEEDED
        bench.queue.records.clear()
        bench.queue.send_job(message_content="third")
        outcome = await bench.processor.process(await bench.receive())
        assert outcome.status is Status.RETURNED
        assert outcome.visibility_seconds == pytest.approx(100)
        assert len(bench.carrier.carried) == 2

    run(scenario())


@pytest.mark.requirement("7.3")
@pytest.mark.parametrize("error", [Refused("blocked", status=403), Refused("gone", status=404)])
def test_another_4xx_is_logged_kept_as_result_and_deleted(error: Refused) -> None:
    """Ordinary answers: never retried, no failure counted."""

    async def scenario() -> None:
        bench = Bench(error)
        bench.queue.send_job()
        outcome = await bench.process()
        assert (outcome.status, outcome.then) == (Status.REJECTED, Then.DELETE)
        document = FAILURE(bench.store.document(results.key("creator-1", job().job_id)))
        assert document["error"]["class"] == "client_error"
        assert document["error"]["status"] == error.status
        assert bench.queue.buried == []

    run(scenario())


@pytest.mark.requirement("4.5")
@pytest.mark.parametrize("error", COUNTED, ids=lambda each: type(each).__name__)
def test_the_third_counted_failure_moves_a_job_to_the_dlq_with_its_reasons(error: SiteError) -> None:
    """A minute, two minutes, then the DLQ: with reason, class, status and result key; the original is deleted."""

    async def scenario() -> None:
        bench = Bench(error)
        bench.queue.send_job()
        outcomes = []
        for _ in range(3):
            outcomes.append(await bench.process())
            bench.pauses.paused.clear()
        assert [each.status for each in outcomes] == [Status.FAILED, Status.FAILED, Status.DEAD]
        assert [each.visibility_seconds for each in outcomes[:2]] == [60, 120]
        ((message, attributes),) = bench.queue.buried
        assert json.loads(message.body) == bench.carrier.carried[0].payload
        assert attributes == {
            "reason": "x",
            "error_class": str(error.error_class),
            "status": str(error.status or ""),
            "result_key": results.key("creator-1", job().job_id),
        }
        FAILURE(bench.store.document(attributes["result_key"]))
        assert bench.item()["state"] is State.DEAD
        assert bench.queue.records == []

    run(scenario())


@pytest.mark.requirement("4.5")
def test_what_an_error_quotes_of_a_page_hides_secrets_wherever_it_is_kept() -> None:
    """In the result and in the dead letter as in the log: a page may show what it was sent."""

    async def scenario() -> None:
        bench = Bench(
            PageBroken('the page shows "p\\u00e4\\"ss-word-1"', request="GET /p%C3%A4%22ss-word-1"), max_failures=1
        )
        bench.redactor.learn('pä"ss-word-1')
        bench.queue.send_job()
        await bench.process()
        ((_, attributes),) = bench.queue.buried
        kept = bench.store.document(attributes["result_key"])["error"]
        assert (kept["reason"], kept["request"]) == (f'the page shows "{REDACTED}"', f"GET /{REDACTED}")
        assert attributes["reason"] == kept["reason"]

    run(scenario())


def test_repeated_failures_back_off_up_to_twelve_hours_where_more_than_three_are_allowed() -> None:
    """MAX_FAILURES decides how far it goes: with the 3 that ship, a minute and two; with 14, all the way."""

    async def scenario() -> None:
        bench = Bench(TryAgain("x", status=503), max_failures=14)
        bench.queue.send_job()
        outcomes = [await bench.process() for _ in range(14)]
        waits = [each.visibility_seconds for each in outcomes[:-1]]
        assert waits == [60.0 * 2**number for number in range(10)] + [43200.0] * 3
        assert outcomes[-1].status is Status.DEAD

    run(scenario())


def test_a_challenge_lets_the_account_rest_for_all_tasks() -> None:
    """The pause lies in the shared store; the next job of the account is not even tried."""

    async def scenario() -> None:
        bench = Bench(HumanWanted("a human is wanted", status=403))
        bench.queue.send_job()
        await bench.processor.process(await bench.receive())
        bench.queue.records.clear()
        bench.queue.send_job(message_content="next")
        outcome = await bench.processor.process(await bench.receive())
        assert (outcome.status, outcome.visibility_seconds) == (Status.RETURNED, 3600)
        assert len(bench.carrier.carried) == 1

    run(scenario())


def test_a_copy_of_a_finished_job_is_deleted_and_counted_but_not_run() -> None:
    """Done and rejected jobs are known by the ledger."""

    async def scenario() -> None:
        bench = Bench()
        bench.queue.send_job()
        bench.queue.send_job()
        assert (await bench.process()).status is Status.SUCCEEDED
        assert (await bench.process()).status is Status.DUPLICATE
        assert len(bench.carrier.carried) == 1
        assert bench.samples.of(Metric.DUPLICATE_COUNT) == [1]
        assert bench.queue.records == []

    run(scenario())


def test_a_job_that_another_worker_holds_comes_back_when_its_lease_is_over() -> None:
    """Two workers never run one job at once."""

    async def scenario() -> None:
        bench = Bench()
        bench.queue.send_job()
        await bench.ledger.begin(job(), bench.clock.now() + 100)
        outcome = await bench.processor.process(await bench.receive())
        assert outcome.status is Status.RETURNED
        assert outcome.visibility_seconds == pytest.approx(101)
        assert bench.carrier.carried == []

    run(scenario())


def test_a_replay_from_the_dlq_begins_anew_but_remembers_the_effect() -> None:
    """Failures start from nothing; the mark of the click does not."""
    known: list[Effect | None] = []
    tried = Effect(Mark("17"), SAID_NO)

    async def does(_job: Job, once: Once, _files: Artifacts) -> Mapping[str, Any]:
        known.append(once.effect)
        await once.record(tried)
        if len(known) <= 3:
            raise TryAgain("x", status=500)
        return SENT

    async def scenario() -> None:
        bench = Bench()
        bench.carrier.does = does
        bench.queue.send_job()
        for _ in range(3):
            await bench.process()
        assert bench.item()["state"] is State.DEAD
        bench.queue.send_job()
        assert (await bench.process()).status is Status.SUCCEEDED
        assert known == [None, tried, tried, tried]
        assert bench.item()["failures"] == 0

    run(scenario())


def test_a_buried_job_whose_message_could_not_be_deleted_is_not_tried_again() -> None:
    """The message comes back when its visibility ends: deleted as a duplicate of what lies in the DLQ."""

    async def scenario() -> None:
        bench = Bench(TryAgain("x", status=503))
        bench.queue.send_job()
        for _ in range(2):
            await bench.process()
        message = await bench.receive()
        assert (await bench.processor.process(message)).status is Status.DEAD
        await asyncio.sleep(301)
        assert (await bench.process()).status is Status.DUPLICATE
        assert len(bench.carrier.carried) == 3
        assert len(bench.queue.buried) == 1
        assert bench.item()["state"] is State.DEAD

    run(scenario())


def test_workers_that_die_over_a_job_count_as_failures_and_end_in_the_dlq() -> None:
    """A lease that was never given back is a death; the third one buries the job without running it."""

    async def scenario() -> None:
        bench = Bench()
        bench.queue.send_job()
        for _ in range(3):
            message = await bench.receive()
            await bench.ledger.begin(job(), message.lease_until)
            await asyncio.sleep(301)
        assert (await bench.process()).status is Status.DEAD
        ((_, attributes),) = bench.queue.buried
        assert "death" in attributes["reason"]
        assert bench.carrier.carried == []

    run(scenario())


@pytest.mark.requirement("9.1")
def test_a_job_that_is_not_in_turn_comes_back_for_it_and_nothing_is_counted() -> None:
    """Neither a failure nor a 429, for the job nor for the breaker."""

    async def scenario() -> None:
        bench = Bench(OutOfTurn(123.4), *[OutOfTurn(70.0)] * 9, SENT)
        bench.queue.send_job()
        outcome = await bench.process()
        assert (outcome.status, outcome.then, outcome.visibility_seconds) == (Status.RETURNED, Then.COME_BACK, 123.4)
        for _ in range(9):
            await bench.process()
        assert (bench.item()["failures"], bench.item()["rate_limits"]) == (0, 0)
        assert (await bench.process()).status is Status.SUCCEEDED

    run(scenario())


@pytest.mark.parametrize("error", [BrowserUnavailable("none"), StoreUnavailable("none")])
def test_what_is_not_the_jobs_fault_counts_nothing(error: Exception) -> None:
    """It goes back, ready for any worker."""

    async def scenario() -> None:
        bench = Bench(error, SENT)
        bench.queue.send_job()
        assert (await bench.process()).status is Status.RETURNED
        assert bench.item()["failures"] == 0
        assert (await bench.process()).status is Status.SUCCEEDED

    run(scenario())


@pytest.mark.requirement("9.6")
def test_trouble_that_never_ends_ends_with_a_reason_before_the_queue_ends_it_without() -> None:
    """At the last receive that the redrive leaves, and not one before."""

    async def scenario() -> None:
        bench = Bench(StoreUnavailable("its secret cannot be decrypted"), max_receives=20)
        bench.queue.send_job()
        statuses = [(await bench.process()).status for _ in range(20)]
        assert statuses == [Status.RETURNED] * 19 + [Status.DEAD]
        ((_, attributes),) = bench.queue.buried
        assert attributes["reason"] == "received 20 times without an end, at last: its secret cannot be decrypted"

    run(scenario())


def test_a_lost_lease_leaves_the_message_alone() -> None:
    """The other worker's copy must not be touched."""

    async def scenario() -> None:
        bench = Bench(LeaseLost("lost"))
        bench.queue.send_job()
        assert (await bench.process()).then is Then.LET_GO
        assert bench.queue.changes == []

    run(scenario())


@pytest.mark.requirement("9.5")
def test_what_runs_is_stopped_when_its_message_is_lost() -> None:
    """At the lease's end, before another worker can begin; nothing is counted, and the message is not touched."""
    stopped: list[float] = []

    async def scenario() -> None:
        bench = Bench()

        async def endless(_job: Job, _once: Once, _files: Artifacts) -> Mapping[str, Any]:
            try:
                await asyncio.sleep(10**6)
            finally:
                stopped.append(bench.clock.now())
            return SENT

        bench.carrier.does = endless
        bench.queue.send_job()
        message = await bench.receive()
        outcome = await bench.processor.process(message)
        assert outcome.then is Then.LET_GO
        assert stopped[0] < bench.queue.records[0].invisible_until
        assert (bench.item()["failures"], bench.item()["state"]) == (0, State.WAITING)
        assert bench.queue.changes == []

    run(scenario())


@pytest.mark.requirement("7.4")
def test_five_odd_pages_or_five_accounts_troubles_stop_nobody() -> None:
    """Profiles that look different, log-ins refused, challenges: the sixth job runs at once."""

    async def scenario() -> None:
        for error in (PageBroken("missing selector"), SignInAgain("x", status=401), HumanWanted("x", status=403)):
            bench = Bench(*[error] * 5, SENT)
            for number in range(6):
                bench.queue.send_job(creator_id=f"creator-{number}")
                outcome = await bench.processor.process(await bench.receive())
            assert outcome.status is Status.SUCCEEDED

    run(scenario())


@pytest.mark.requirement("9.6")
def test_a_refused_log_in_lets_its_account_rest_and_no_job_is_deleted_for_it() -> None:
    """Longer each time, over all of its jobs, until one succeeds; another account's go on."""

    async def scenario() -> None:
        refused = SignInAgain("the site refuses the log-in", status=403)
        bench = Bench(refused, refused, refused, refused, SENT, refused)
        bench.queue.send_job()
        outcomes = [await bench.process() for _ in range(3)]
        assert [each.status for each in outcomes] == [Status.FAILED, Status.FAILED, Status.DEAD]
        assert [each.visibility_seconds for each in outcomes[:2]] == [60, 120]
        assert len(bench.queue.buried) == 1
        bench.queue.send_job(message_content="second")
        assert (await bench.process()).visibility_seconds == 480
        assert (await bench.process()).status is Status.SUCCEEDED
        bench.queue.send_job(message_content="third")
        assert (await bench.process()).visibility_seconds == 60

    run(scenario())


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ZeroDivisionError("secret words"), "a fault of the worker: ZeroDivisionError"),
        (StoreRefused("the state table refused: ValidationException"), "the state table refused: ValidationException"),
    ],
)
def test_a_fault_of_our_own_costs_the_job_a_failure_and_not_the_worker(fault: Exception, reason: str) -> None:
    """It could be met for ever: three times, and the job is set aside with the reason; no store is doubted for it."""

    async def scenario() -> None:
        bench = Bench(fault)
        bench.queue.send_job()
        statuses = [(await bench.process()).status for _ in range(3)]
        assert statuses == [Status.FAILED, Status.FAILED, Status.DEAD]
        assert len(bench.carrier.carried) == 3
        ((_, attributes),) = bench.queue.buried
        assert attributes["reason"] == reason
        assert await bench.readiness.ready()

    run(scenario())


def test_a_lease_that_cannot_be_given_back_has_the_store_looked_at() -> None:
    """Until it is given back nobody else can have the job; the look is what gives it back."""

    async def scenario() -> None:
        bench = Bench(OutOfTurn(5.0))
        bench.queue.send_job()
        looks: list[str] = []
        bench.readiness.doubt = lambda: looks.append("doubted")  # type: ignore[method-assign]

        async def release(*_: Any, **__: Any) -> None:
            raise StoreUnavailable("x")

        bench.ledger.release = release  # type: ignore[method-assign]
        assert (await bench.process()).status is Status.RETURNED
        assert looks == ["doubted"]

    run(scenario())


@pytest.mark.parametrize("calls", range(8))
def test_a_store_that_goes_down_at_any_moment_loses_nothing(calls: int) -> None:
    """Whichever call to the ledger or the bucket is the first to fail, the job is done once the stores are back."""

    async def scenario() -> None:
        bench = Bench()
        bench.queue.send_job()
        bench.ledger.calls_until_down = calls
        bench.store.calls_until_down = calls // 2
        outcome = await bench.process()
        bench.ledger.calls_until_down = bench.store.calls_until_down = None
        bench.ledger.is_down = bench.store.is_down = False
        while outcome.then is not Then.DELETE:
            outcome = await bench.process()
        assert outcome.status in {Status.SUCCEEDED, Status.DUPLICATE}
        assert bench.store.document(results.key("creator-1", job().job_id))["status"] == "succeeded"

    run(scenario())


def test_a_message_without_a_job_is_rejected_with_its_reason_as_result() -> None:
    """Invalid payload is a client error: logged, result written, deleted."""

    async def scenario() -> None:
        bench = Bench()
        bench.queue.send('{"action": "dance"}', group_id="../../etc")
        outcome = await bench.process()
        assert (outcome.status, outcome.then) == (Status.REJECTED, Then.DELETE)
        document = FAILURE(bench.store.document("results/%2E%2E%2F%2E%2E%2Fetc/d-1.json"))
        assert "schema" in document["error"]["reason"]

    run(scenario())


@pytest.mark.requirement("6.5")
def test_a_job_that_outlasts_the_end_goes_back_uncounted() -> None:
    """When the grace is over it is dropped; with a request under way it stays away until nothing comes of it any more."""
    clock = LoopClock()

    async def endless(_job: Job, once: Once, _files: Artifacts) -> Mapping[str, Any]:
        if benches[0].queue.records[0].receives == 2:
            await once.record(Effect(Mark(""), clock.now() + 100))
        await asyncio.sleep(10**6)
        return SENT

    async def scenario() -> None:
        bench = benches[0]
        bench.carrier.does = endless
        bench.queue.send_job()
        for wait in (0, 40):
            bench.shutdown = bench.processor._shutdown = Shutdown(60)
            bench.shutdown.begin()
            outcome = await bench.process()
            assert (outcome.status, outcome.visibility_seconds) == (Status.RETURNED, wait)
        assert bench.item()["failures"] == 0
        assert bench.item()["state"] is State.WAITING

    benches = [Bench()]
    run(scenario())


def test_a_site_that_shows_something_else_is_an_unknown_failure() -> None:
    """Data against the result's schema is not kept as a success."""

    async def scenario() -> None:
        bench = Bench({**SENT, "message_id": ""})
        bench.queue.send_job()
        outcome = await bench.process()
        assert (outcome.status, outcome.error_class) == (Status.FAILED, ErrorClass.UNKNOWN)

    run(scenario())


def test_a_broken_pages_picture_lies_beside_the_result() -> None:
    """Each unknown failure keeps its evidence, and the last one's result names it."""

    async def scenario() -> None:
        error = PageBroken("missing selector")
        error.picture = b"PNG"
        bench = Bench(error)
        bench.queue.send_job()
        await bench.process()
        key = f"{results.prefix('creator-1', job().job_id)}/failure.png"
        assert bench.store.objects[key] == (b"PNG", "image/png")
        await bench.process()
        await bench.process()
        document = FAILURE(bench.store.document(results.key("creator-1", job().job_id)))
        assert document["error"]["screenshot"] == f"s3://bucket/{key}"

    run(scenario())


@pytest.mark.requirement("5.4")
def test_each_end_is_counted_as_what_it_is() -> None:
    """A failure is 0, a success 100, a 429 neither; every attempt has a duration, the first one a wait."""

    async def scenario() -> None:
        bench = Bench(TryAgain("x", status=500), SlowDown("slow"), SENT)
        bench.queue.send_job()
        for _ in range(3):
            await bench.process()
        assert bench.samples.of(Metric.SCRAPING_SUCCESS_RATE) == [0, 100]
        assert len(bench.samples.of(Metric.SCRAPING_DURATION_MS)) == 3
        assert len(bench.samples.of(Metric.QUEUE_WAIT_MS)) == 1

    run(scenario())
