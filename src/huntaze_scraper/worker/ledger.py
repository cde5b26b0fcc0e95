"""The ledger: one item a job, so that an outward effect happens once whoever dies when."""

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import LeaseLost
from huntaze_scraper.jobs import Job
from huntaze_scraper.state.job_entry import KEPT_SECONDS, JobEntry, State
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.state.table import ConditionFailed, Item, StateTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(slots=True)
class Entry:
    """A job that this worker holds the lease of."""

    job_id: str
    lease: str
    failures: int = 0
    """Counted failures, with one for each worker that died over the job."""
    rate_limits: int = 0
    attempts: int = 1
    mark: Mapping[str, str] | None = None
    """What was recorded before the first click, if there was one."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is done with: the message is a duplicate."""

    state: State
    result_key: str


@dataclass(frozen=True, slots=True)
class Busy:
    """Another worker holds the job."""

    until: float


class Ledger(Protocol):
    """Where jobs are kept. Every method raises StoreUnavailable where the store does not answer, LeaseLost where it says."""

    async def begin(self, job: Job, until: float) -> Entry | Finished | Busy:
        """Take the job's lease until the given time, if it is to be had."""
        ...

    async def extend(self, entry: Entry, until: float) -> None:
        """Keep the lease longer. Raises LeaseLost."""
        ...

    async def mark(self, entry: Entry, mark: Mapping[str, str]) -> None:
        """Record that the effect is about to be tried; the first mark stays. Raises LeaseLost."""
        ...

    async def release(self, entry: Entry, *, failures: int = 0, rate_limits: int = 0) -> None:
        """Give the lease back and add to the counts. Silent where it was lost."""
        ...

    async def finish(self, entry: Entry, state: State, result_key: str, *, failures: int = 0) -> None:
        """Record how the job ended. Silent where the lease was lost."""
        ...


class DynamoLedger:
    """The ledger in the state table, items ``job#<job_id>``."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        """Keep the ledger in ``table``."""
        self._table = StateTable(client, table)
        self._clock = clock

    async def begin(self, job: Job, until: float) -> Entry | Finished | Busy:
        """Take the job's lease until the given time, if it is to be had."""
        now = self._clock.now()
        entry = Entry(job.job_id, uuid.uuid4().hex)
        try:
            old = await asyncio.to_thread(
                self._table.update,
                Kind.JOB.key(job.job_id),
                "SET #state = :running, lease = :lease, lease_until = :until, account = :account, "
                "#action = :action, expires_at = :expires ADD attempts :one",
                {
                    ":running": State.RUNNING,
                    ":waiting": State.WAITING,
                    ":dead": State.DEAD,
                    ":lease": entry.lease,
                    ":until": until,
                    ":now": now,
                    ":account": job.account,
                    ":action": job.action,
                    ":expires": int(now + KEPT_SECONDS),
                    ":one": 1,
                },
                condition="attribute_not_exists(pk) OR #state IN (:waiting, :dead) "
                "OR (#state = :running AND lease_until <= :now)",
                names=("state", "action"),
                returned="ALL_OLD",
                shows_item=True,
            )
        except ConditionFailed as refusal:
            return _why_not(JobEntry.read(refusal.item), now)
        return await self._taken(entry, JobEntry.read(old))

    async def extend(self, entry: Entry, until: float) -> None:
        """Keep the lease longer."""
        await self._update(entry, "SET lease_until = :until", {":until": until})

    async def mark(self, entry: Entry, mark: Mapping[str, str]) -> None:
        """Record that the effect is about to be tried; the first mark stays."""
        await self._update(
            entry,
            "SET effect_mark = if_not_exists(effect_mark, :mark), effect_at = :now",
            {":mark": mark, ":now": self._clock.now()},
        )
        if entry.mark is None:
            entry.mark = dict(mark)

    async def release(self, entry: Entry, *, failures: int = 0, rate_limits: int = 0) -> None:
        """Give the lease back and add to the counts."""
        await self._end(entry, State.WAITING, failures, rate_limits, "")

    async def finish(self, entry: Entry, state: State, result_key: str, *, failures: int = 0) -> None:
        """Record how the job ended."""
        await self._end(entry, state, failures, 0, result_key)

    async def _end(self, entry: Entry, state: State, failures: int, rate_limits: int, result_key: str) -> None:
        try:
            await self._update(
                entry,
                "SET #state = :state, result_key = :result_key, ended_at = :now "
                "ADD failures :failures, rate_limits :rate_limits REMOVE lease, lease_until",
                {
                    ":state": state,
                    ":result_key": result_key,
                    ":now": self._clock.now(),
                    ":failures": failures,
                    ":rate_limits": rate_limits,
                },
                names=("state",),
            )
        except LeaseLost:
            return

    async def _taken(self, entry: Entry, old: JobEntry) -> Entry:
        entry.failures = old.failures
        entry.rate_limits = old.rate_limits
        entry.attempts = old.attempts + 1
        entry.mark = old.effect_mark
        change = 1 if old.state is State.RUNNING else -entry.failures if old.state is State.DEAD else 0
        if change:
            # A worker that left the job running died over it, which counts; a replay starts from nothing.
            await self._update(entry, "ADD failures :change", {":change": change})
            entry.failures += change
        return entry

    async def _update(self, entry: Entry, change: str, values: Item, names: Iterable[str] = ()) -> None:
        try:
            await asyncio.to_thread(
                self._table.update,
                Kind.JOB.key(entry.job_id),
                change,
                values | {":lease": entry.lease},
                condition="lease = :lease",
                names=names,
            )
        except ConditionFailed:
            raise LeaseLost("another worker holds the job") from None


def _why_not(entry: JobEntry, now: float) -> Finished | Busy:
    if entry.is_final:
        return Finished(State(entry.state or ""), entry.result_key)
    return Busy(now if entry.lease_until is None else entry.lease_until)
