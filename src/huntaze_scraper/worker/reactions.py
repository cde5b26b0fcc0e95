"""What each end of a job asks for: the table of the error classes, carried out."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import structlog

from huntaze_scraper.back_off import TAKEN_AT_ITS_WORD, back_off_seconds, limit_seconds
from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import (
    HumanWanted,
    NobodyKnows,
    PageBroken,
    Refused,
    SignInAgain,
    SiteError,
    SlowDown,
    StoreUnavailable,
)
from huntaze_scraper.jobs import Job
from huntaze_scraper.queues.attributes import ERROR_CLASS, REASON, RESULT_KEY, STATUS
from huntaze_scraper.state.job_entry import State
from huntaze_scraper.telemetry.redaction import Redactor
from huntaze_scraper.worker import results
from huntaze_scraper.worker.ledger import Entry, Ledger
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.object_store import ObjectStore
from huntaze_scraper.worker.outcome import Outcome, Status, comes_back, deleted
from huntaze_scraper.worker.pauses import CHALLENGE_PAUSE_SECONDS, Pauses
from huntaze_scraper.worker.results import JobFiles
from huntaze_scraper.worker.workflows_queue import WorkflowsQueue

EVIDENCE = "failure.png"
JOB_COPY = "job.json"
MOST_FAILED_LOOKS = 3
"""Failures beyond the last counted one that a job may have which only wants to know what came of its effect."""

log = structlog.stdlib.get_logger(__name__)


class Reactions:
    """Writes results, counts failures, pauses accounts, buries jobs; says what becomes of the message."""

    def __init__(
        self,
        queue: WorkflowsQueue,
        ledger: Ledger,
        pauses: Pauses,
        store: ObjectStore,
        clock: Clock,
        redactor: Redactor,
        max_failures: int,
        max_receives: int,
    ) -> None:
        """Bury a job at its ``max_failures``-th counted failure, or when the queue itself is about to."""
        self._queue = queue
        self._ledger = ledger
        self._pauses = pauses
        self._store = store
        self._clock = clock
        self._redactor = redactor
        self._max_failures = max_failures
        self._max_receives = max_receives

    async def to_success(self, job: Job, entry: Entry, data: Mapping[str, Any]) -> Outcome:
        """Keep the result, and then that the job is done.

        Raises:
            OddPage: the data is not what the result's schema promises.
        """
        document = results.success(job, ended_at=self._clock.now(), attempts=entry.attempts, data=data)
        await self._ledger.finish(entry, State.DONE, await self._write(job.account, job.job_id, document))
        with suppress(StoreUnavailable):
            await self._pauses.recovered(job.account)
        return deleted(Status.SUCCEEDED)

    async def to_error(self, job: Job, message: Message, entry: Entry, error: SiteError) -> Outcome:
        """Do what the error's class asks for."""
        # What it quotes of a page or an address goes into results, the ledger and dead letters, which no log line's end redacts.
        error.reason, error.request = map(self._redactor.text, (error.reason, error.request))
        now = self._clock.now()
        if isinstance(error, SlowDown):
            return await self._to_limit(job, entry, error)
        if isinstance(error, NobodyKnows):
            return await self._give_up(job, message, entry, error)
        if isinstance(error, Refused):
            return await self._reject(job, message, entry, error)
        if isinstance(error, HumanWanted):
            log.error("account_paused", seconds=CHALLENGE_PAUSE_SECONDS, reason=error.reason)
            await self._pauses.pause(job.account, now + CHALLENGE_PAUSE_SECONDS, error.reason)
        rest = 0.0
        if isinstance(error, SignInAgain):
            rest = await self._pauses.rest(job.account, error.reason)
            log.error("account_rests", seconds=rest, reason=error.reason)
        failures = entry.failures + 1
        if failures >= self._max_failures and not entry.is_doubtful:
            return await self._bury(job, message, entry, error, counted=True)
        if failures >= self._max_failures + MOST_FAILED_LOOKS:
            return await self._give_up(job, message, entry, _unknown(error))
        if isinstance(error, PageBroken):
            await self._keep_picture(job, error)
        await self._ledger.release(entry, failures=1)
        away = max(back_off_seconds(failures), rest, entry.open_seconds(now))
        return comes_back(Status.FAILED, away, error.error_class, error.reason)

    def has_failed_enough(self, entry: Entry) -> bool:
        """Tell whether nothing more is to be tried for a job, but to look what came of its effect."""
        return entry.failures >= self._max_failures

    async def _to_limit(self, job: Job, entry: Entry, error: SlowDown) -> Outcome:
        """Leave the account alone for as long as the site asks; count no failure, but the 429s on end."""
        row = 1 if error.advanced else entry.rate_limits + 1
        seconds = limit_seconds(error.wait_seconds, row)
        if row > TAKEN_AT_ITS_WORD:
            log.warning("limit_lasts", rate_limits=row, asked_seconds=error.wait_seconds, seconds=seconds)
        await self._pauses.pause(job.account, self._clock.now() + seconds, error.reason)
        await self._ledger.release(entry, rate_limits=row - entry.rate_limits)
        return comes_back(Status.RATE_LIMITED, seconds, error.error_class, error.reason)

    async def to_crash_loop(self, job: Job, message: Message, entry: Entry) -> Outcome | None:
        """Bury a job over which workers died too often; None where they did not, or its effect is still to be looked for."""
        if not self.has_failed_enough(entry):
            return None
        error = PageBroken(f"it failed {entry.failures} times, and at last its worker died, or its burial broke off")
        if not entry.is_doubtful:
            return await self._bury(job, message, entry, error, counted=False)
        if entry.failures >= self._max_failures + MOST_FAILED_LOOKS:
            return await self._give_up(job, message, entry, _unknown(error))
        return None

    async def to_used_up(self, job: Job, message: Message, entry: Entry) -> Outcome:
        """Bury a job that failed too often, now that it is known that it had no effect."""
        error = PageBroken(f"it failed {entry.failures} times; what it posted at last is not in the conversation")
        return await self._bury(job, message, entry, error, counted=False)

    async def to_last_receive(self, job: Job, message: Message, entry: Entry, reason: str) -> Outcome | None:
        """Bury a job that the queue's redrive would move at the next receive, without a reason; None before."""
        if message.receive_count < self._max_receives:
            return None
        error = PageBroken(f"received {message.receive_count} times without an end, at last: {reason}")
        if entry.is_doubtful:
            return await self._give_up(job, message, entry, _unknown(error))
        return await self._bury(job, message, entry, error, counted=False)

    async def to_unreadable(self, message: Message) -> Outcome:
        """Keep the reason as the result: nothing can ever be done about the message."""
        document = results.unreadable(
            message.group_id, message.deduplication_id, ended_at=self._clock.now(), reason=message.fault
        )
        await self._write(message.group_id, message.deduplication_id, document)
        return deleted(Status.REJECTED, Refused.error_class, message.fault)

    async def _reject(self, job: Job, message: Message, entry: Entry, error: Refused) -> Outcome:
        """End a job that the site or a rule refuses, unless it may have had its effect before."""
        if not entry.is_doubtful:
            key = await self._write_failure(job, entry, error, Status.REJECTED)
            await self._ledger.finish(entry, State.REJECTED, key)
            return deleted(Status.REJECTED, error.error_class, error.reason)
        open_seconds = entry.open_seconds(self._clock.now())
        if not open_seconds:
            return await self._give_up(job, message, entry, _unknown(error))
        await self._ledger.release(entry)
        return comes_back(Status.RETURNED, open_seconds, error.error_class, error.reason)

    async def _give_up(self, job: Job, message: Message, entry: Entry, error: NobodyKnows) -> Outcome:
        """End a job whose effect may have happened: its owner is told, and finds the job and where to look."""
        log.error("effect_uncertain", reason=error.reason, request=error.request)
        files = JobFiles(self._store, job.account, job.job_id)
        error.so_far = {"job": await files.put(JOB_COPY, message.body.encode(), "application/json")}
        if entry.effect is not None:
            mark = entry.effect.mark
            error.so_far |= {"came_after_message": mark.newest, "came_after_time": mark.newest_at or mark.read_at}
        key = await self._write_failure(job, entry, error, Status.UNCERTAIN)
        await self._ledger.finish(entry, State.UNCERTAIN, key)
        return deleted(Status.UNCERTAIN, error.error_class, error.reason)

    async def _bury(self, job: Job, message: Message, entry: Entry, error: SiteError, *, counted: bool) -> Outcome:
        """Move a job to the DLQ. Result, copy, ledger, and only then the deletion: no step can lose it.

        The failure it dies of is counted before there is a copy: whoever has the job next, should the ledger not hear of
        the burial, buries it again. One that was tried again could succeed, and be a dead letter.
        """
        key = await self._write_failure(job, entry, error, Status.DEAD)
        if counted:
            await self._ledger.count_failure(entry)
        why = {
            REASON: error.reason,
            ERROR_CLASS: str(error.error_class),
            STATUS: str(error.status or ""),
            RESULT_KEY: key,
        }
        await self._queue.bury(message, why)
        await self._ledger.finish(entry, State.DEAD, key, buried=message.message_id)
        return deleted(Status.DEAD, error.error_class, error.reason)

    async def _write_failure(self, job: Job, entry: Entry, error: SiteError, status: Status) -> str:
        screenshot = await self._keep_picture(job, error) if isinstance(error, PageBroken) else ""
        document = results.failure(
            job,
            status=str(status),
            ended_at=self._clock.now(),
            attempts=entry.attempts,
            error=error,
            screenshot=screenshot,
        )
        return await self._write(job.account, job.job_id, document)

    async def _keep_picture(self, job: Job, error: PageBroken) -> str:
        if not error.picture:
            return ""
        return await JobFiles(self._store, job.account, job.job_id).put(EVIDENCE, error.picture, "image/png")

    async def _write(self, account: str, job_id: str, document: Mapping[str, Any]) -> str:
        key = results.key(account, job_id)
        await self._store.put(key, results.encode(document), "application/json")
        return key


def _unknown(error: SiteError) -> NobodyKnows:
    return NobodyKnows(
        f"it may have had its effect, and cannot look: {error.reason}", status=error.status, request=error.request
    )
