"""What becomes of a message: the table of the error classes, on stores in memory."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from huntaze_scraper.errors import (
    BrowserUnavailable,
    HumanWanted,
    LeaseLost,
    OutOfTurn,
    PageBroken,
    SignInAgain,
    SlowDown,
    StoreRefused,
    StoreUnavailable,
    TryAgain,
)
from huntaze_scraper.jobs import Job
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans.effects import SAID_NO, Effect, Mark
from huntaze_scraper.onlyfans.keeping import Artifacts, Once
from huntaze_scraper.state.job_entry import State
from huntaze_scraper.worker import results
from huntaze_scraper.worker.outcome import Status, Then
from huntaze_scraper.worker.shutdown import Shutdown
from tests.unit.worker.doubles import (
    SENT,
    job,
)
from tests.unit.worker.jumping_loop import LoopClock, run
from tests.unit.worker.processor_bench import Bench


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


@pytest.mark.parametrize("call", range(4))
def test_a_job_of_which_a_copy_is_buried_stays_dead_though_the_ledger_did_not_hear_of_it(call: int) -> None:
    """It is not tried again, for it might succeed and lie in the DLQ; whichever call to the ledger fails."""

    async def scenario() -> None:
        bench = Bench(TryAgain("x", status=503), TryAgain("x", status=503), TryAgain("x", status=503), SENT)
        bench.queue.send_job()
        for _ in range(2):
            await bench.process()
        left = [StoreUnavailable("x") if number == call else None for number in range(10)]

        def check() -> None:
            if left and (error := left.pop(0)):
                raise error

        bench.ledger.check = check  # type: ignore[method-assign]
        outcome = await bench.process()
        while outcome.then is not Then.DELETE:
            outcome = await bench.process()
        ended = bench.store.document(results.key("creator-1", job().job_id))["status"]
        assert (len(bench.queue.buried), ended) in {(1, "dead"), (0, "succeeded")}

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
        assert "worker died" in attributes["reason"]
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
