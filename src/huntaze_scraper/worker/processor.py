"""One message: what is done about it, and what becomes of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import structlog

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import (
    BrowserUnavailable,
    LeaseLost,
    OutOfTurn,
    PageBroken,
    SiteError,
    StillOpen,
    StoreRefused,
    StoreUnavailable,
    TriesUsedUp,
)
from huntaze_scraper.jobs import Job
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans.effects import Effect
from huntaze_scraper.onlyfans.keeping import Artifacts, Once
from huntaze_scraper.telemetry.metrics import Recorder
from huntaze_scraper.worker.circuit_breaker import CircuitBreaker, Leave, verdict
from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.ledger import Busy, Entry, Finished, Ledger
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.object_store import ObjectStore
from huntaze_scraper.worker.outcome import Outcome, Status, Then, comes_back, deleted
from huntaze_scraper.worker.pauses import Pauses
from huntaze_scraper.worker.reactions import Reactions
from huntaze_scraper.worker.readiness import Readiness
from huntaze_scraper.worker.results import JobFiles
from huntaze_scraper.worker.shutdown import Interrupted, Shutdown

DROP_SECONDS = 8.0
LONG_WAIT_SECONDS = 1800.0
"""After which somebody should know that a job still waits though nothing counts against it."""

log = structlog.stdlib.get_logger(__name__)


class Carrier(Protocol):
    """Carries jobs out."""

    async def carry_out(self, job: Job, once: Once, files: Artifacts) -> Mapping[str, Any]:
        """Return the data of the result. Raises SiteError, or what else is ours."""
        ...


class Processor:
    """Decides each message's outcome. The one place in the worker that lets no exception pass."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        pauses: Pauses,
        store: ObjectStore,
        reactions: Reactions,
        carrier: Carrier,
        in_hand: InHand,
        breaker: CircuitBreaker,
        readiness: Readiness,
        metrics: Recorder,
        clock: Clock,
        shutdown: Shutdown,
    ) -> None:
        """Take all that a message may need."""
        self._ledger = ledger
        self._pauses = pauses
        self._store = store
        self._reactions = reactions
        self._carrier = carrier
        self._in_hand = in_hand
        self._breaker = breaker
        self._readiness = readiness
        self._metrics = metrics
        self._clock = clock
        self._shutdown = shutdown
        self.current: dict[str, str] = {}
        """The jobs that run: id and action."""

    async def process(self, message: Message) -> Outcome:
        """Carry a message's job out as far as it goes."""
        started = self._clock.monotonic()
        if message.job is None:
            outcome = await self._settle(message, None, self._reactions.to_unreadable(message))
        else:
            self.current[message.job.job_id] = message.job.action
            try:
                outcome = await self._process(message.job, message)
            finally:
                self.current.pop(message.job.job_id, None)
        self._report(message, outcome, round((self._clock.monotonic() - started) * 1000))
        return outcome

    async def _process(self, job: Job, message: Message) -> Outcome:
        paused_until, begun = await asyncio.gather(
            _or_error(self._pauses.until, job.account),
            _or_error(self._ledger.begin, job, message.lease_until, message.message_id),
        )
        now = self._clock.now()
        if isinstance(begun, StoreUnavailable):
            return await self._stand_by(message, None, begun)
        if isinstance(begun, Finished):
            return deleted(Status.DUPLICATE, reason=f"the job is {begun.state} already")
        if isinstance(begun, Busy):
            return comes_back(Status.RETURNED, max(begun.until - now, 0) + 1, reason="another worker holds the job")
        if isinstance(paused_until, StoreUnavailable):
            return await self._stand_by(message, begun, paused_until)
        if paused_until > now:
            return await self._give_back(begun, paused_until - now, "the account is paused")
        with self._in_hand.running(message, begun):
            return await self._settle(message, begun, self._run(job, message, begun))

    async def _run(self, job: Job, message: Message, entry: Entry) -> Outcome:
        looped = await self._reactions.to_crash_loop(job, message, entry)
        if looped is not None:
            return looped
        now = self._clock.monotonic()
        leave = self._breaker.admit(job.account, now)
        if leave is None:
            return await self._give_back(entry, self._breaker.wait_seconds(now), "the site is left alone for a while")
        try:
            return await self._try(job, message, entry, leave)
        finally:
            self._breaker.gave_up(leave)

    async def _try(self, job: Job, message: Message, entry: Entry, leave: Leave) -> Outcome:
        try:
            data = await self._carry_out(job, message, entry)
            self._breaker.finished(leave, verdict(None), self._clock.monotonic())
            return await self._reactions.to_success(job, entry, data)
        except TriesUsedUp:
            return await self._reactions.to_used_up(job, message, entry)
        except SiteError as error:
            if self._shutdown.stopping.is_set() and isinstance(error, PageBroken):
                raise Interrupted("the browser went down with the worker") from None
            self._breaker.finished(leave, verdict(error), self._clock.monotonic())
            return await self._reactions.to_error(job, message, entry, error)

    async def _carry_out(self, job: Job, message: Message, entry: Entry) -> Mapping[str, Any]:
        """Run the action, but neither beyond the end of the process nor beyond the lease."""
        files = JobFiles(self._store, job.account, job.job_id)
        running = asyncio.create_task(
            self._carrier.carry_out(
                job, _Once(self._ledger, entry, may_try=not self._reactions.has_failed_enough(entry)), files
            )
        )
        running.add_done_callback(_heard)
        hurry = asyncio.create_task(self._shutdown.hurry.wait())
        lost = asyncio.create_task(self._in_hand.lost(message))
        try:
            await asyncio.wait((running, hurry, lost), return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                running.cancel()
                await asyncio.wait((running,), timeout=DROP_SECONDS)
                raise LeaseLost("the message is not ours any more") if lost.done() else Interrupted("the worker stops")
            return running.result()
        finally:
            hurry.cancel()
            lost.cancel()

    async def _settle(self, message: Message, entry: Entry | None, running: Awaitable[Outcome]) -> Outcome:
        """Turn what is nobody's fault at the site into an outcome that counts nothing."""
        try:
            return await running
        except LeaseLost as error:
            if entry is not None:  # silent where another worker has it; else nothing is to be counted
                await self._release(entry)
            return Outcome(Status.RETURNED, Then.LET_GO, reason=str(error))
        except Interrupted as error:
            return await self._give_back(entry, 0.0, str(error))
        except (OutOfTurn, StillOpen) as later:
            return await self._give_back(entry, later.wait_seconds, str(later))
        except Exception as error:  # noqa: BLE001 - the one place where every outcome is decided
            return await self._to_trouble(message, entry, error)

    async def _to_trouble(self, message: Message, entry: Entry | None, error: Exception) -> Outcome:
        if isinstance(error, StoreRefused):
            return await self._to_own_fault(message, entry, str(error))
        if isinstance(error, StoreUnavailable | BrowserUnavailable):
            return await self._stand_by(message, entry, error)
        log.error("unexpected_error", exc_info=error)
        return await self._to_own_fault(message, entry, f"a fault of the worker: {type(error).__name__}")

    async def _stand_by(
        self, message: Message, entry: Entry | None, error: StoreUnavailable | BrowserUnavailable
    ) -> Outcome:
        """Hand a job back because of something of ours that does not work, and find out whether the task can work."""
        self._readiness.doubt()
        if message.job is not None and entry is not None:
            with suppress(StoreUnavailable):
                last = await self._reactions.to_last_receive(message.job, message, entry, str(error))
                if last is not None:
                    return last
        return await self._give_back(entry, message.stand_by_seconds, str(error))

    async def _to_own_fault(self, message: Message, entry: Entry | None, reason: str) -> Outcome:
        """Count a fault of ours as the job's failure: no other job may meet it, and it must come to an end."""
        if message.job is not None and entry is not None:
            try:
                return await self._reactions.to_error(message.job, message, entry, PageBroken(reason))
            except Exception:  # noqa: BLE001 - the lease is left to run out, which counts as a worker's death
                log.warning("failure_not_counted")
        return comes_back(Status.RETURNED, message.stand_by_seconds, reason=reason)

    async def _give_back(self, entry: Entry | None, wait_seconds: float, reason: str) -> Outcome:
        if entry is not None:
            wait_seconds = max(wait_seconds, entry.open_seconds(self._clock.now()))
            await self._release(entry)
        return comes_back(Status.RETURNED, wait_seconds, reason=reason)

    async def _release(self, entry: Entry) -> None:
        try:
            await self._ledger.release(entry)
        except StoreUnavailable:  # it is owed, and paid when the store is found to be back
            self._readiness.doubt()

    def _report(self, message: Message, outcome: Outcome, duration_ms: int) -> None:
        fields = message.log_fields
        where = {"action": fields["action"], "creator_id": fields["creator_id"], "status": str(outcome.status)}
        if outcome.status is Status.DUPLICATE:
            self._metrics.record(Metric.DUPLICATE_COUNT, 1, **where)
        elif outcome.status is not Status.RETURNED:
            if outcome.status is Status.UNCERTAIN:
                self._metrics.record(Metric.UNCERTAIN_COUNT, 1, **where)
            self._metrics.record(Metric.SCRAPING_DURATION_MS, duration_ms, **where)
            if message.receive_count == 1:
                wait = max(message.received_at - message.sent_at, 0.0)
                self._metrics.record(Metric.QUEUE_WAIT_MS, round(wait * 1000), **where)
            if outcome.status is not Status.RATE_LIMITED:
                rate = 100 if outcome.status is Status.SUCCEEDED else 0
                self._metrics.record(Metric.SCRAPING_SUCCESS_RATE, rate, **where)
        age = message.received_at - message.sent_at
        if outcome.status in {Status.RETURNED, Status.RATE_LIMITED} and age > LONG_WAIT_SECONDS:
            self._metrics.record(Metric.JOB_WAITS_COUNT, 1, **where)
            log.warning("job_waits", reason=outcome.reason, age_seconds=round(age))
        log.info(
            "job_ended",
            status=str(outcome.status),
            duration_ms=duration_ms,
            error_class=outcome.error_class and str(outcome.error_class),
            error=outcome.reason or None,
            comes_back_seconds=outcome.visibility_seconds if outcome.then is Then.COME_BACK else None,
            receive_count=message.receive_count,
        )


def _heard(ended: asyncio.Task[Any]) -> None:
    """Have heard how an attempt ended that was let go of: else asyncio logs an error that is none."""
    if not ended.cancelled():
        ended.exception()


async def _or_error[**P, T](ask: Callable[P, Awaitable[T]], *given: P.args, **how: P.kwargs) -> T | StoreUnavailable:
    try:
        return await ask(*given, **how)
    except StoreUnavailable as error:
        return error


class _Once:
    """The ledger's view of one job: its outward effect, and what is done already."""

    def __init__(self, ledger: Ledger, entry: Entry, *, may_try: bool) -> None:
        self._ledger = ledger
        self._entry = entry
        self.may_try = may_try

    @property
    def effect(self) -> Effect | None:
        return self._entry.effect

    async def record(self, effect: Effect) -> None:
        await self._ledger.mark(self._entry, effect)

    def settle(self, effect: Effect | None) -> None:
        self._entry.effect = effect

    @property
    def progress(self) -> Mapping[str, Any]:
        return self._entry.progress

    async def keep(self, progress: Mapping[str, Any]) -> None:
        await self._ledger.keep(self._entry, progress)
