"""A day of what is nobody's fault, on two whole workers: how often a message is received, and what becomes of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from huntaze_scraper.back_off import LONGEST_LIMIT_SECONDS, LONGEST_STAND_BY_SECONDS
from huntaze_scraper.errors import BrowserUnavailable, SlowDown, StoreUnavailable, TryAgain
from huntaze_scraper.jobs import Job
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans.keeping import Artifacts, Once
from huntaze_scraper.state.job_entry import State
from huntaze_scraper.telemetry.redaction import Redactor
from huntaze_scraper.worker.circuit_breaker import CircuitBreaker
from huntaze_scraper.worker.consumer import LONGEST_RECEIVE_PAUSE_SECONDS, Consumer
from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.processor import Processor
from huntaze_scraper.worker.reactions import Reactions
from huntaze_scraper.worker.readiness import LONGEST_WAIT_SECONDS, Readiness
from huntaze_scraper.worker.shutdown import Shutdown
from infra_cdk.queues import MAX_RECEIVE_COUNT, PROMISED_OUTAGE
from tests.unit.worker.doubles import (
    SENT,
    MemoryLedger,
    MemoryObjectStore,
    MemoryPauses,
    MemoryQueue,
    Samples,
    ScriptedCarrier,
)
from tests.unit.worker.jumping_loop import LoopClock, run

DAY = PROMISED_OUTAGE.to_seconds()
POLL_SECONDS = 20
SETTLE_SECONDS = 60


class Fleet:
    """Two tasks on one queue, one table, one bucket; what is ``broken`` makes jobs fail, and probes find it or not."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.queue = MemoryQueue(self.clock)
        self.queue.look_seconds = self.queue.poll_seconds
        self.ledger = MemoryLedger(self.clock)
        self.pauses = MemoryPauses()
        self.store = MemoryObjectStore()
        self.samples = Samples()
        self.met: Exception | None = None
        """What jobs meet on their way."""
        self.browser_starts = True
        self.carrier = ScriptedCarrier(does=self._carry_out)
        self.shutdown = Shutdown(60)
        self.readiness: list[Readiness] = []

    async def _carry_out(self, _job: Job, _once: Once, _files: Artifacts) -> Mapping[str, Any]:
        await asyncio.sleep(1)
        if self.met is not None:
            raise self.met
        return SENT

    async def _probe_browser(self) -> None:
        if not self.browser_starts:
            raise BrowserUnavailable("none")

    def start(self) -> list[asyncio.Task[None]]:
        readiness = Readiness(
            {"state table": self.ledger.probe, "bucket": self.store.probe, "browser": self._probe_browser}, self.samples
        )
        self.readiness.append(readiness)
        in_hand, breaker = InHand(self.queue, self.ledger, self.clock, 300), CircuitBreaker()
        processor = Processor(
            ledger=self.ledger,
            pauses=self.pauses,
            store=self.store,
            reactions=Reactions(
                self.queue,
                self.ledger,
                self.pauses,
                self.store,
                self.clock,
                Redactor(),
                max_failures=3,
                max_receives=MAX_RECEIVE_COUNT,
            ),
            carrier=self.carrier,
            in_hand=in_hand,
            breaker=breaker,
            readiness=readiness,
            metrics=self.samples,
            clock=self.clock,
            shutdown=self.shutdown,
        )
        consumer = Consumer(self.queue, processor, in_hand, breaker, readiness, self.shutdown, self.clock, 4)
        return [asyncio.create_task(each.run()) for each in (in_hand, readiness, consumer)]


def outage_of_table(fleet: Fleet, *, is_down: bool) -> None:
    fleet.ledger.is_down = fleet.pauses.is_down = is_down


def outage_of_bucket(fleet: Fleet, *, is_down: bool) -> None:
    fleet.store.is_down = is_down


def outage_of_browser(fleet: Fleet, *, is_down: bool) -> None:
    fleet.browser_starts = not is_down
    fleet.met = BrowserUnavailable("none") if is_down else None


def outage_of_secrets(fleet: Fleet, *, is_down: bool) -> None:
    fleet.met = StoreUnavailable("Secrets Manager or its key") if is_down else None


def outage_that_no_probe_sees(fleet: Fleet, *, is_down: bool) -> None:
    fleet.pauses.is_down = is_down


def outage_of_visibility(fleet: Fleet, *, is_down: bool) -> None:
    outage_of_secrets(fleet, is_down=is_down)
    fleet.queue.transient_failures = 10**9 if is_down else 0


def outage_of_queue(fleet: Fleet, *, is_down: bool) -> None:
    fleet.queue.is_down = is_down


def limit_of_site(fleet: Fleet, *, is_down: bool) -> None:
    fleet.met = SlowDown("slow", wait_seconds=60) if is_down else None


SEEN = (outage_of_table, outage_of_bucket, outage_of_browser)
"""The task itself cannot work: it finds out, and burns no receives."""
OUTAGES: Mapping[Callable[..., None], tuple[int, float]] = {
    **dict.fromkeys(SEEN, (4, LONGEST_WAIT_SECONDS)),
    outage_of_secrets: (152, LONGEST_STAND_BY_SECONDS),
    outage_that_no_probe_sees: (152, LONGEST_STAND_BY_SECONDS),
    outage_of_visibility: (289, 300),
    outage_of_queue: (0, LONGEST_RECEIVE_PAUSE_SECONDS),
    limit_of_site: (40, LONGEST_LIMIT_SECONDS),
}
"""The most receives of a message in a day of each, and how much later than its end all is done."""


@pytest.mark.requirement("9.6")
@pytest.mark.parametrize("outage", OUTAGES, ids=lambda each: each.__name__)
def test_a_day_of_it_costs_no_job_anything_but_the_day(outage: Callable[..., None]) -> None:
    """No failure, no dead letter, few receives for any message, all done soon after, each group in order."""
    most, late = OUTAGES[outage]

    async def scenario() -> None:
        fleet = Fleet()
        for number in range(3):
            for group in ("a", "b", "c"):
                fleet.queue.send_job(creator_id=group, user_id=f"fan-{number}")
        records = list(fleet.queue.records)
        outage(fleet, is_down=True)
        tasks = [task for _ in range(2) for task in fleet.start()]
        await asyncio.sleep(DAY)
        assert fleet.queue.records == records
        assert max(record.receives for record in records) <= most < MAX_RECEIVE_COUNT
        outage(fleet, is_down=False)
        await asyncio.sleep(late + POLL_SECONDS + SETTLE_SECONDS)
        assert fleet.queue.records == []
        assert fleet.queue.buried == []
        assert {(item["state"], item["failures"]) for item in fleet.ledger.items.values()} == {(State.DONE, 0)}
        for group in ("a", "b", "c"):
            fans = [job.payload["user_id"] for job in done(fleet.carrier.carried) if job.account == group]
            assert fans == ["fan-0", "fan-1", "fan-2"]
        for task in tasks:
            task.cancel()

    run(scenario())


@pytest.mark.requirement("7.2", "7.4", "9.6")
def test_a_day_of_a_site_that_fails_ends_no_job_without_three_failures_of_its_own() -> None:
    """The site's 5xx do count: what was tried three times is dead, with the reason; what never was is not."""

    async def scenario() -> None:
        fleet = Fleet()
        for number in range(3):
            for group in "abcdefghij":
                fleet.queue.send_job(creator_id=group, user_id=f"fan-{number}")
        records = list(fleet.queue.records)
        fleet.met = TryAgain("the site failed", status=503)
        tasks = [task for _ in range(2) for task in fleet.start()]
        await asyncio.sleep(DAY)
        assert max(record.receives for record in records) < MAX_RECEIVE_COUNT / 10
        dead = {job_id for job_id, item in fleet.ledger.items.items() if item["state"] is State.DEAD}
        assert {attributes["reason"] for _, attributes in fleet.queue.buried} == {"the site failed"}
        assert {message.job.job_id for message, _ in fleet.queue.buried if message.job} == dead
        assert {fleet.ledger.items[job_id]["failures"] for job_id in dead} == {3}
        assert len(dead) + len(fleet.queue.records) == len(records)
        for task in tasks:
            task.cancel()

    run(scenario())


def done(carried: Sequence[Job]) -> list[Job]:
    """Of jobs that were carried out more than once, the last time counts."""
    return [job for place, job in enumerate(carried) if job.job_id not in {it.job_id for it in carried[place + 1 :]}]


@pytest.mark.requirement("9.6")
@pytest.mark.parametrize("outage", SEEN, ids=lambda each: each.__name__)
def test_a_task_that_cannot_work_says_so_all_the_time(outage: Callable[..., None]) -> None:
    """What it misses, for /health; a sample a minute, for the alarm; nothing any more when it works again."""

    async def scenario() -> None:
        fleet = Fleet()
        fleet.queue.send_job()
        outage(fleet, is_down=True)
        tasks = fleet.start()
        await asyncio.sleep(3600)
        assert len(fleet.readiness[0].missing) == 1
        assert len(fleet.samples.of(Metric.WORKER_NOT_READY_COUNT)) >= 60
        outage(fleet, is_down=False)
        await asyncio.sleep(200)
        assert fleet.readiness[0].missing == ()
        assert fleet.queue.deleted == ["m-1"]
        for task in tasks:
            task.cancel()

    run(scenario())


@pytest.mark.requirement("7.1", "9.6")
@pytest.mark.parametrize("outage", [limit_of_site, outage_of_secrets], ids=lambda each: each.__name__)
def test_a_job_that_waits_for_long_is_told_as_long_as_it_waits(outage: Callable[..., None]) -> None:
    """In every hour after the first half, so that the alarm stays."""

    async def scenario() -> None:
        fleet = Fleet()
        fleet.queue.send_job()
        outage(fleet, is_down=True)
        tasks = fleet.start()
        await asyncio.sleep(1800)
        assert fleet.samples.of(Metric.JOB_WAITS_COUNT) == []
        for _ in range(5):
            told = len(fleet.samples.of(Metric.JOB_WAITS_COUNT))
            await asyncio.sleep(LONGEST_LIMIT_SECONDS + POLL_SECONDS)
            assert len(fleet.samples.of(Metric.JOB_WAITS_COUNT)) > told
        for task in tasks:
            task.cancel()

    run(scenario())


@pytest.mark.requirement("9.6")
def test_a_task_whose_browser_does_not_start_leaves_the_work_to_the_others() -> None:
    """Its first job goes to a healthy task within seconds, and the next ones never come near it."""

    async def scenario() -> None:
        fleet = Fleet()
        fleet.browser_starts = False
        healthy, broken = Fleet(), fleet
        healthy.queue, healthy.ledger, healthy.pauses = broken.queue, broken.ledger, broken.pauses
        broken.met = BrowserUnavailable("none")
        tasks = broken.start()
        await asyncio.sleep(5)
        broken.queue.send_job()
        await asyncio.sleep(30)
        tasks += healthy.start()
        for number in range(20):
            broken.queue.send_job(user_id=f"fan-{number}")
            await asyncio.sleep(30)
        assert len(broken.carrier.carried) == 1
        assert broken.queue.records == []
        for task in tasks:
            task.cancel()

    run(scenario())
