"""One message: what is done about it, and what becomes of it."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import structlog

from huntaze_scraper import jobs
from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import (
    BrowserUnavailable,
    ErrorClass,
    HumanWanted,
    InvalidJob,
    LeaseLost,
    PageBroken,
    Refused,
    SiteError,
    SlowDown,
    StoreUnavailable,
)
from huntaze_scraper.jobs import Job
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.telemetry.logs import job_lines
from huntaze_scraper.telemetry.metrics import Metrics
from huntaze_scraper.worker import results
from huntaze_scraper.worker.attempts import EVIDENCE, Attempts
from huntaze_scraper.worker.circuit_breaker import CircuitBreaker
from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.ledger import Busy, Entry, Finished, Ledger, State
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.outcome import Outcome, Status, Then, comes_back, deleted
from huntaze_scraper.worker.pauses import CHALLENGE_PAUSE_SECONDS, Pauses
from huntaze_scraper.worker.results import JobFiles, ObjectStore
from huntaze_scraper.worker.retry import back_off_seconds
from huntaze_scraper.worker.shutdown import Interrupted, Shutdown
from huntaze_scraper.worker.workflows_queue import WorkflowsQueue

STORE_WAIT_SECONDS = 30.0
DROP_SECONDS = 5.0

log = structlog.stdlib.get_logger(__name__)


class Processor:
    """Decides each message's outcome. The one place in the worker that lets no exception pass."""

    def __init__(
        self,
        *,
        queue: WorkflowsQueue,
        ledger: Ledger,
        pauses: Pauses,
        store: ObjectStore,
        attempts: Attempts,
        in_hand: InHand,
        breaker: CircuitBreaker,
        metrics: Metrics,
        clock: Clock,
        shutdown: Shutdown,
        max_failures: int,
    ) -> None:
        self._queue = queue
        self._ledger = ledger
        self._pauses = pauses
        self._store = store
        self._attempts = attempts
        self._in_hand = in_hand
        self._breaker = breaker
        self._metrics = metrics
        self._clock = clock
        self._shutdown = shutdown
        self._max_failures = max_failures
        self.current: dict[str, str] = {}
        """The jobs that run, by id, with their action."""

    async def process(self, message: Message) -> Outcome:
        """Carry a message's job out as far as it goes."""
        try:
            job = jobs.parse(message.body)
        except InvalidJob as error:
            return await self._reject_unreadable(message, str(error))
        started = time.monotonic()
        with job_lines(
            started,
            message_id=message.message_id,
            creator_id=job.account,
            action=job.action,
            correlation_id=job.correlation_id,
            job_id=job.job_id,
        ):
            self.current[job.job_id] = job.action
            try:
                outcome = await self._process(job, message)
            finally:
                self.current.pop(job.job_id, None)
            self._report(job, message, outcome, (time.monotonic() - started) * 1000)
            return outcome

    async def _process(self, job: Job, message: Message) -> Outcome:
        entry: Entry | None = None
        try:
            until = await self._pauses.until(job.account)
            now = self._clock.now()
            if until > now:
                return comes_back(Status.RETURNED, until - now, reason="the account is paused")
            begun = await self._ledger.begin(job, message.invisible_until)
            if isinstance(begun, Finished):
                return deleted(Status.DUPLICATE, reason=f"the job is {begun.state} already")
            if isinstance(begun, Busy):
                return comes_back(Status.RETURNED, max(begun.until - now, 0) + 1, reason="another worker holds the job")
            entry = begun
            with self._in_hand.running(message, entry):
                return await self._run(job, message, entry)
        except LeaseLost as error:
            return Outcome(Status.RETURNED, Then.LET_GO, reason=str(error))
        except (StoreUnavailable, BrowserUnavailable, Interrupted) as error:
            wait = 0.0 if isinstance(error, Interrupted) else STORE_WAIT_SECONDS
            return await self._give_back(entry, wait, str(error))
        except Exception:  # noqa: BLE001 - a fault of ours must cost a job, not the worker
            log.exception("unexpected_error")
            return await self._after_fault(job, message, entry)

    async def _run(self, job: Job, message: Message, entry: Entry) -> Outcome:
        if entry.attempts == 1:
            self._metrics.record(
                Metric.QUEUE_WAIT_MS,
                max(message.received_at - message.sent_at, 0) * 1000,
                action=job.action,
                creator_id=job.account,
            )
        if entry.failures >= self._max_failures:
            sent = " after it may have had its effect" if entry.mark is not None else ""
            return await self._bury(job, message, entry, PageBroken(f"the worker died over the job{sent}"), counted=0)
        files = JobFiles(self._store, job.account, job.job_id)
        try:
            data = await self._carry_out(job, entry, files)
        except SiteError as error:
            self._breaker.finished(error.error_class, time.monotonic())
            return await self._react(job, message, entry, error)
        self._breaker.finished(None, time.monotonic())
        document = results.document(
            job, status=Status.SUCCEEDED, ended_at=self._clock.now(), attempts=entry.attempts, data=data
        )
        key = await self._write(job, document)
        await self._ledger.finish(entry, State.DONE, key)
        return deleted(Status.SUCCEEDED)

    async def _carry_out(self, job: Job, entry: Entry, files: JobFiles) -> Mapping[str, Any]:
        """Run the action, but not beyond the end of the process."""
        running = asyncio.create_task(self._attempts.carry_out(job, _Once(self._ledger, entry), files))
        hurry = asyncio.create_task(self._shutdown.hurry.wait())
        try:
            await asyncio.wait((running, hurry), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return running.result()
            running.cancel()
            await asyncio.wait((running,), timeout=DROP_SECONDS)
            raise Interrupted("the worker stops")
        finally:
            hurry.cancel()

    async def _react(self, job: Job, message: Message, entry: Entry, error: SiteError) -> Outcome:
        now = self._clock.now()
        if isinstance(error, SlowDown):
            await self._pauses.pause(job.account, now + error.wait_seconds, error.reason)
            await self._ledger.release(entry, rate_limits=1)
            return comes_back(Status.RATE_LIMITED, error.wait_seconds, error.error_class, error.reason)
        if isinstance(error, Refused):
            key = await self._write_failure(job, entry, error, Status.REJECTED)
            await self._ledger.finish(entry, State.REJECTED, key)
            return deleted(Status.REJECTED, error.error_class, error.reason)
        if self._shutdown.stopping.is_set() and isinstance(error, PageBroken):
            raise Interrupted("the browser went down with the worker")
        if isinstance(error, HumanWanted):
            log.error("account_paused", seconds=CHALLENGE_PAUSE_SECONDS, reason=error.reason)
            await self._pauses.pause(job.account, now + CHALLENGE_PAUSE_SECONDS, error.reason)
        if entry.failures + 1 >= self._max_failures:
            return await self._bury(job, message, entry, error, counted=1)
        await self._ledger.release(entry, failures=1)
        seconds = back_off_seconds(entry.failures + 1)
        return comes_back(Status.FAILED, seconds, error.error_class, error.reason)

    async def _bury(self, job: Job, message: Message, entry: Entry, error: SiteError, *, counted: int) -> Outcome:
        """Move a job that failed too often to the DLQ: result, copy, ledger, and only then the deletion."""
        key = await self._write_failure(job, entry, error, Status.DEAD)
        await self._queue.bury(
            message,
            {
                "reason": error.reason,
                "error_class": error.error_class,
                "status": str(error.status or ""),
                "result_key": key,
            },
        )
        await self._ledger.finish(entry, State.DEAD, key, failures=counted)
        return deleted(Status.DEAD, error.error_class, error.reason)

    async def _after_fault(self, job: Job, message: Message, entry: Entry | None) -> Outcome:
        if entry is None:
            return comes_back(Status.RETURNED, STORE_WAIT_SECONDS, reason="a fault of the worker")
        try:
            return await self._react(job, message, entry, PageBroken("a fault of the worker"))
        except Exception:  # noqa: BLE001 - the lease's end is the net
            log.exception("unexpected_error")
            return comes_back(Status.FAILED, STORE_WAIT_SECONDS, ErrorClass.UNKNOWN, "a fault of the worker")

    async def _give_back(self, entry: Entry | None, wait_seconds: float, reason: str) -> Outcome:
        if entry is not None:
            with suppress(StoreUnavailable):
                await self._ledger.release(entry)
        return comes_back(Status.RETURNED, wait_seconds, reason=reason)

    async def _write_failure(self, job: Job, entry: Entry, error: SiteError, status: Status) -> str:
        evidence = f"{results.prefix(job.account, job.job_id)}/{EVIDENCE}" if isinstance(error, PageBroken) else None
        return await self._write(
            job,
            results.failure_document(
                job,
                status=status,
                ended_at=self._clock.now(),
                attempts=entry.attempts,
                error=error,
                evidence=evidence,
            ),
        )

    async def _write(self, job: Job, document: Mapping[str, Any]) -> str:
        key = f"{results.prefix(job.account, job.job_id)}.json"
        await self._store.put(key, results.encode(document), "application/json")
        return key

    async def _reject_unreadable(self, message: Message, reason: str) -> Outcome:
        with job_lines(time.monotonic(), message_id=message.message_id, creator_id=message.group_id, action="", correlation_id=""):
            error = Refused(reason)
            document = {
                "job_id": message.deduplication_id,
                "account": message.group_id,
                "status": Status.REJECTED,
                "error": {"class": error.error_class, "reason": reason},
            }
            key = f"{results.prefix(message.group_id, message.deduplication_id)}.json"
            try:
                await self._store.put(key, results.encode(document), "application/json")
            except StoreUnavailable as failure:
                return comes_back(Status.RETURNED, STORE_WAIT_SECONDS, reason=str(failure))
            log.error("job_ended", status=Status.REJECTED, reason=reason, error_class=error.error_class)
            return deleted(Status.REJECTED, error.error_class, reason)

    def _report(self, job: Job, message: Message, outcome: Outcome, duration_ms: float) -> None:
        where = {"action": job.action, "creator_id": job.account, "status": str(outcome.status)}
        if outcome.status is Status.DUPLICATE:
            self._metrics.record(Metric.DUPLICATE_COUNT, 1, **where)
        elif outcome.status is not Status.RETURNED:
            self._metrics.record(Metric.SCRAPING_DURATION_MS, round(duration_ms), **where)
            if outcome.status is not Status.RATE_LIMITED:
                success = outcome.status is Status.SUCCEEDED
                self._metrics.record(Metric.SCRAPING_SUCCESS_RATE, 100 if success else 0, **where)
        log.info(
            "job_ended",
            status=str(outcome.status),
            duration_ms=round(duration_ms),
            error_class=outcome.error_class,
            reason=outcome.reason,
            comes_back_seconds=outcome.visibility_seconds if outcome.then is Then.COME_BACK else None,
            receive_count=message.receive_count,
        )


class _Once:
    """The ledger's view of one job's outward effect."""

    def __init__(self, ledger: Ledger, entry: Entry) -> None:
        self._ledger = ledger
        self._entry = entry

    @property
    def mark(self) -> Mapping[str, str] | None:
        return self._entry.mark

    async def record(self, mark: Mapping[str, str]) -> None:
        await self._ledger.mark(self._entry, mark)
