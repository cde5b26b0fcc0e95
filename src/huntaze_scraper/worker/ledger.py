"""The ledger: one item a job, so that an outward effect happens once whoever dies when."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import LeaseLost, StoreUnavailable
from huntaze_scraper.jobs import Job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_SECONDS = 30 * 86400
"""Longer than a message lives on the workflows queue and then on its DLQ (14 days each)."""


class State(StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    WAITING = "waiting"
    """It was begun and comes back."""
    DONE = "done"
    REJECTED = "rejected"
    DEAD = "dead"
    """In the DLQ; a replay begins anew, but for the mark of its effect."""


FINAL = frozenset({State.DONE, State.REJECTED})


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
        self._client = client
        self._table = table
        self._clock = clock

    async def begin(self, job: Job, until: float) -> Entry | Finished | Busy:
        """Take the job's lease until the given time, if it is to be had."""
        now = self._clock.now()
        entry = Entry(job.job_id, uuid.uuid4().hex)
        try:
            answer = await self._call(
                self._client.update_item,
                Key=_key(job.job_id),
                UpdateExpression="SET #state = :running, lease = :lease, lease_until = :until, account = :account, "
                "#action = :action, expires_at = :expires ADD attempts :one",
                ConditionExpression="attribute_not_exists(pk) OR #state IN (:waiting, :dead) "
                "OR (#state = :running AND lease_until <= :now)",
                ExpressionAttributeNames={"#state": "state", "#action": "action"},
                ExpressionAttributeValues={
                    ":running": {"S": State.RUNNING},
                    ":waiting": {"S": State.WAITING},
                    ":dead": {"S": State.DEAD},
                    ":lease": {"S": entry.lease},
                    ":until": {"N": str(until)},
                    ":now": {"N": str(now)},
                    ":account": {"S": job.account},
                    ":action": {"S": job.action},
                    ":expires": {"N": str(int(now + KEPT_SECONDS))},
                    ":one": {"N": "1"},
                },
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as refusal:
            item: Any = refusal.response.get("Item", {})
            return _why_not(item, now)
        return await self._taken(entry, answer.get("Attributes", {}))

    async def extend(self, entry: Entry, until: float) -> None:
        """Keep the lease longer."""
        await self._update(entry, "SET lease_until = :until", {":until": {"N": str(until)}})

    async def mark(self, entry: Entry, mark: Mapping[str, str]) -> None:
        """Record that the effect is about to be tried; the first mark stays."""
        await self._update(
            entry,
            "SET effect_mark = if_not_exists(effect_mark, :mark), effect_at = :now",
            {":mark": {"M": {name: {"S": text} for name, text in mark.items()}}, ":now": {"N": str(self._clock.now())}},
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
                    ":state": {"S": state},
                    ":result_key": {"S": result_key},
                    ":now": {"N": str(self._clock.now())},
                    ":failures": {"N": str(failures)},
                    ":rate_limits": {"N": str(rate_limits)},
                },
                {"#state": "state"},
            )
        except LeaseLost:
            return

    async def _taken(self, entry: Entry, old: Mapping[str, Any]) -> Entry:
        entry.failures = int(old.get("failures", {}).get("N", 0))
        entry.rate_limits = int(old.get("rate_limits", {}).get("N", 0))
        entry.attempts = int(old.get("attempts", {}).get("N", 0)) + 1
        if "effect_mark" in old:
            entry.mark = {name: each["S"] for name, each in old["effect_mark"]["M"].items()}
        state = old.get("state", {}).get("S")
        change = 1 if state == State.RUNNING else -entry.failures if state == State.DEAD else 0
        if change:
            # A worker that left the job running died over it, which counts; a replay starts from nothing.
            await self._update(entry, "ADD failures :change", {":change": {"N": str(change)}})
            entry.failures += change
        return entry

    async def _update(
        self, entry: Entry, expression: str, values: dict[str, Any], names: dict[str, str] | None = None
    ) -> None:
        arguments: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
        try:
            await self._call(
                self._client.update_item,
                Key=_key(entry.job_id),
                UpdateExpression=expression,
                ConditionExpression="lease = :lease",
                ExpressionAttributeValues=values | {":lease": {"S": entry.lease}},
                **arguments,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise LeaseLost("another worker holds the job") from None

    async def _call(self, operation: Any, **arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(operation, TableName=self._table, **arguments)
        except self._client.exceptions.ConditionalCheckFailedException:
            raise
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"DynamoDB: {type(error).__name__}") from None


def _why_not(item: Mapping[str, Any], now: float) -> Finished | Busy:
    state = item.get("state", {}).get("S", State.RUNNING)
    if state in FINAL:
        return Finished(State(state), item.get("result_key", {}).get("S", ""))
    return Busy(float(item.get("lease_until", {}).get("N", now)))


def _key(job_id: str) -> Any:
    return {"pk": {"S": f"job#{job_id}"}}
