"""The ledger: one item a job, so that an outward effect happens once whoever dies when."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import LeaseLost, StoreRefused, StoreUnavailable
from huntaze_scraper.jobs import Job
from huntaze_scraper.onlyfans.effects import Effect, Mark
from huntaze_scraper.state.job_entry import KEPT_SECONDS, JobEntry, State
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.state.table import ConditionFailed, Item, StateTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_EFFECT = ("effect_mark", "effect_until", "effect_proof")
_EFFECT_IS_KEPT = ", ".join(f"{name} = :{name}" for name in _EFFECT)
LONG_AGO = 1.0
"""For the time of an effect that an earlier version recorded without one."""


@dataclass(slots=True)
class Entry:
    """A job that this worker holds the lease of."""

    job_id: str
    lease: str
    failures: int = 0
    """Counted failures, with one for each worker that died over the job."""
    rate_limits: int = 0
    attempts: int = 1
    effect: Effect | None = None
    """The try at an outward effect whose end is not known, if there was one; kept when the lease is given back."""
    progress: Mapping[str, Any] = field(default_factory=dict)
    """What earlier attempts have done already, in the action's own words."""

    @property
    def is_doubtful(self) -> bool:
        """Whether the job must not end before it is known what came of its effect."""
        return self.effect is not None and self.effect.is_doubtful

    def open_seconds(self, now: float) -> float:
        """Return for how long the effect may still come."""
        return 0.0 if self.effect is None or self.effect.proof else max(self.effect.until - now, 0.0)


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

    async def begin(self, job: Job, until: float, message_id: str = "") -> Entry | Finished | Busy:
        """Take the job's lease until the given time, if it is to be had, for the message of that id."""
        ...

    async def probe(self) -> None:
        """Find out whether the store takes writes."""
        ...

    async def extend(self, entry: Entry, until: float) -> None:
        """Keep the lease longer. Raises LeaseLost."""
        ...

    async def mark(self, entry: Entry, effect: Effect) -> None:
        """Record that an effect is about to be tried. Raises LeaseLost."""
        ...

    async def keep(self, entry: Entry, progress: Mapping[str, Any]) -> None:
        """Record what is done already, in place of what was recorded before. Raises LeaseLost."""
        ...

    async def count_failure(self, entry: Entry) -> None:
        """Count a failure, and keep the lease. Raises LeaseLost."""
        ...

    async def release(self, entry: Entry, *, failures: int = 0, rate_limits: int = 0) -> None:
        """Give the lease back and add to the counts. Silent where it was lost."""
        ...

    async def finish(self, entry: Entry, state: State, result_key: str, *, buried: str = "") -> None:
        """Record how the job ended, and the id of the message that was buried. Silent where the lease was lost."""
        ...


class DynamoLedger:
    """The ledger in the state table, items ``job#<job_id>``."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        """Keep the ledger in ``table``."""
        self._table = StateTable(client, table)
        self._clock = clock
        self._owed: dict[str, Callable[[], Awaitable[None]]] = {}
        """By job, the write that frees it of a lease that nobody uses: one that may have been given, or was not taken back."""
        self._silent_since: float | None = None
        """Since when the table has not answered."""
        self._was_silent = (0.0, 0.0)
        """From when until when it did not, the last time."""

    async def begin(self, job: Job, until: float, message_id: str = "") -> Entry | Finished | Busy:
        """Take the job's lease until the given time, if it is to be had, for the message of that id."""
        entry = Entry(job.job_id, uuid.uuid4().hex)
        try:
            await self._pay(job.job_id)
            return await self._begin(entry, job, until, message_id)
        except StoreUnavailable:
            self._owed.setdefault(job.job_id, partial(self._undo, entry))
            raise

    async def probe(self) -> None:
        """Find out whether the table takes writes, without one that changes a job.

        Leases that were asked for or given back without an answer are given back first: nobody died over them.
        """
        for job_id in list(self._owed):
            await self._pay(job_id)
        with suppress(ConditionFailed):
            await self._write("", "REMOVE lease", {}, condition="attribute_exists(pk)")

    async def _begin(self, entry: Entry, job: Job, until: float, message_id: str) -> Entry | Finished | Busy:
        now = self._clock.now()
        try:
            item = await self._write(
                job.job_id,
                "SET came_from = if_not_exists(#state, :waiting), came_until = if_not_exists(lease_until, :now), "
                "#state = :running, lease = :lease, lease_until = :until, account = :account, #action = :action, expires_at = :expires ADD attempts :one",
                {
                    ":running": State.RUNNING,
                    ":waiting": State.WAITING,
                    ":dead": State.DEAD,
                    ":lease": entry.lease,
                    ":until": until,
                    ":message": message_id or "none",
                    ":now": now,
                    ":account": job.account,
                    ":action": job.action,
                    ":expires": int(now + KEPT_SECONDS),
                    ":one": 1,
                },
                # A message that comes back after it was buried is no replay: a replay is another message.
                condition="attribute_not_exists(pk) OR #state = :waiting "
                "OR (#state = :dead AND (attribute_not_exists(buried) OR buried <> :message)) "
                "OR (#state = :running AND lease_until <= :now)",
                names=("state", "action"),
                returned="ALL_NEW",
                shows_item=True,
            )
        except ConditionFailed as refusal:
            item = refusal.item
        taken = JobEntry.read(item)
        # Where the answer to the write was lost, the client's second try meets what the first has written.
        return await self._taken(entry, taken, until - now) if taken.lease == entry.lease else _why_not(taken, now)

    async def extend(self, entry: Entry, until: float) -> None:
        """Keep the lease longer."""
        await self._update(entry, "SET lease_until = :until", {":until": until})

    async def mark(self, entry: Entry, effect: Effect) -> None:
        """Record that an effect is about to be tried."""
        values = _values(effect) | {":now": self._clock.now()}
        await self._update(entry, f"SET {_EFFECT_IS_KEPT}, effect_at = :now", values)
        entry.effect = effect

    async def keep(self, entry: Entry, progress: Mapping[str, Any]) -> None:
        """Record what is done already, in place of what was recorded before."""
        await self._update(entry, "SET progress = :progress", {":progress": progress})
        entry.progress = dict(progress)

    async def count_failure(self, entry: Entry) -> None:
        """Count a failure, and keep the lease."""
        await self._update(entry, "SET failures = :failures", {":failures": entry.failures + 1})
        entry.failures += 1

    async def release(self, entry: Entry, *, failures: int = 0, rate_limits: int = 0) -> None:
        """Give the lease back and add to the counts."""
        try:
            await self._end(entry, State.WAITING, failures, rate_limits, "")
        except StoreUnavailable:
            self._owed.setdefault(entry.job_id, partial(self._end, entry, State.WAITING, failures, rate_limits, ""))
            raise

    async def finish(self, entry: Entry, state: State, result_key: str, *, buried: str = "") -> None:
        """Record how the job ended, and the id of the message that was buried."""
        await self._end(entry, state, 0, 0, result_key, buried)

    async def _end(
        self, entry: Entry, state: State, failures: int, rate_limits: int, result_key: str, buried: str = ""
    ) -> None:
        kept = f", {_EFFECT_IS_KEPT}" if entry.effect else ""
        forgotten = "" if entry.effect else f", {', '.join(_EFFECT)}"
        try:
            await self._update(
                entry,
                f"SET #state = :state, result_key = :result_key, buried = :buried, ended_at = :now{kept} "
                f"ADD failures :failures, rate_limits :rate_limits REMOVE lease, lease_until{forgotten}",
                (_values(entry.effect) if entry.effect else {})
                | {
                    ":state": state,
                    ":result_key": result_key,
                    ":buried": buried,
                    ":now": self._clock.now(),
                    ":failures": failures,
                    ":rate_limits": rate_limits,
                },
                names=("state",),
            )
        except LeaseLost:
            return

    async def _taken(self, entry: Entry, item: JobEntry, seconds: float) -> Entry:
        entry.failures = item.failures
        entry.rate_limits = item.rate_limits
        entry.attempts = item.attempts
        entry.effect = _effect(item)
        entry.progress = item.progress
        if item.came_from in (State.RUNNING, State.DEAD):
            # A worker that left the job running died over it, which counts; a replay starts from nothing.
            died = item.came_from is State.RUNNING and not self._was_cut_off(item.came_until, seconds)
            entry.failures = 0 if item.came_from is State.DEAD else item.failures + died
            counted = {":failures": entry.failures, ":waiting": State.WAITING}
            await self._update(entry, "SET failures = :failures, came_from = :waiting", counted)
        return entry

    def _was_cut_off(self, until: float, seconds: float) -> bool:
        """Tell whether who held a lease until then may live, and only could not give it back: the table was silent."""
        began, ended = self._was_silent
        return began <= until and until - seconds < ended

    async def _pay(self, job_id: str) -> None:
        write = self._owed.get(job_id)
        if write is None:
            return
        with suppress(StoreRefused):  # it would be refused at each probe, and nobody could work any more
            await write()
        if self._owed.get(job_id) is write:  # not what came to be owed meanwhile
            del self._owed[job_id]

    async def _undo(self, entry: Entry) -> None:
        """Let the job stand as it stood before a lease that may have been given."""
        with suppress(LeaseLost):
            await self._update(
                entry,
                "SET #state = came_from, attempts = attempts - :one, "
                "lease_until = if_not_exists(came_until, :now) REMOVE lease",
                {":one": 1, ":now": self._clock.now()},
                names=("state",),
            )

    async def _update(self, entry: Entry, change: str, values: Item, names: Iterable[str] = ()) -> None:
        held = {":lease": entry.lease}
        try:
            await self._write(entry.job_id, change, values | held, condition="lease = :lease", names=names)
        except ConditionFailed:
            raise LeaseLost("another worker holds the job") from None

    async def _write(self, job_id: str, change: str, values: Item, **how: Any) -> Item:
        try:
            item = await asyncio.to_thread(self._table.update, Kind.JOB.key(job_id), change, values, **how)
        except (ConditionFailed, StoreRefused):
            self._answered()
            raise
        except StoreUnavailable:
            self._silent_since = self._clock.now() if self._silent_since is None else self._silent_since
            raise
        self._answered()
        return item

    def _answered(self) -> None:
        if self._silent_since is not None:
            self._was_silent, self._silent_since = (self._silent_since, self._clock.now()), None


def _why_not(entry: JobEntry, now: float) -> Finished | Busy:
    if entry.is_final or entry.state is State.DEAD:
        return Finished(State(entry.state or ""), entry.result_key)
    return Busy(now if entry.lease_until is None else entry.lease_until)


def _effect(item: JobEntry) -> Effect | None:
    if item.effect_mark is None:
        return None
    until = LONG_AGO if item.effect_until is None else item.effect_until
    return Effect(Mark.read(item.effect_mark), until, item.effect_proof or {})


def _values(effect: Effect) -> Item:
    return {
        ":effect_mark": effect.mark.as_item(),
        ":effect_until": effect.until,
        ":effect_proof": dict(effect.proof),
    }
