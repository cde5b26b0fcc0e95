"""Working stand-ins for the worker's stores, kept in memory."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from huntaze_scraper import jobs
from huntaze_scraper.back_off import rest_seconds
from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import LeaseLost, OutOfTurn, StoreUnavailable
from huntaze_scraper.jobs import Job
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans.effects import Effect
from huntaze_scraper.onlyfans.keeping import Artifacts, Once
from huntaze_scraper.state.job_entry import FINAL, State
from huntaze_scraper.worker.ledger import Busy, Entry, Finished
from huntaze_scraper.worker.message import Message


def payload(**changes: Any) -> dict[str, Any]:
    """Return a valid job, changed as asked."""
    return {
        "action": "send_message",
        "creator_id": "creator-1",
        "user_id": "fan-1",
        "timestamp": "2025-01-01T00:00:00Z",
        "message_content": "hello",
    } | changes


def job(**changes: Any) -> Job:
    """Return a valid job, changed as asked."""
    return jobs.parse(json.dumps(payload(**changes)))


@dataclass
class Switchable:
    """A store that can be down."""

    is_down: bool = False
    calls_until_down: int | None = None

    def check(self) -> None:
        if self.calls_until_down is not None:
            self.calls_until_down -= 1
            self.is_down = self.calls_until_down < 0
        if self.is_down:
            raise StoreUnavailable("down")


@dataclass(eq=False)
class Record:
    """A message on the memory queue."""

    number: int
    group_id: str
    body: str
    sent_at: float
    invisible_until: float = 0.0
    receives: int = 0
    receipt: str = ""


class MemoryQueue(Switchable):
    """A FIFO queue as SQS describes it: while a message of a group is invisible, the group is silent."""

    poll_seconds = 20.0
    look_seconds = 5.0

    def __init__(self, clock: Clock, visibility_seconds: float = 300.0) -> None:
        super().__init__()
        self._clock = clock
        self._visibility_seconds = visibility_seconds
        self.records: list[Record] = []
        self.buried: list[tuple[Message, dict[str, str]]] = []
        self.deleted: list[str] = []
        self.changes: list[tuple[list[str], float]] = []
        self.transient_failures = 0
        """How often entries of a batch fail though the call does not."""
        self._sent = 0

    def send(self, body: str, group_id: str | None = None) -> Record:
        group = group_id if group_id is not None else jobs.parse(body).group_id
        self._sent += 1
        record = Record(self._sent, group, body, self._clock.now())
        self.records.append(record)
        return record

    def send_job(self, **changes: Any) -> Record:
        return self.send(json.dumps(payload(**changes)))

    async def receive(self, most: int) -> list[Message]:
        self.check()
        until = self._clock.monotonic() + self.poll_seconds
        while True:
            found = self._take(most)
            if found or self._clock.monotonic() >= until:
                return found
            await asyncio.sleep(self.look_seconds)

    async def delete(self, message: Message) -> None:
        self.check()
        record = self._record(message)
        if record:
            self.records.remove(record)
            self.deleted.append(message.message_id)

    async def change_visibility(self, messages: Sequence[Message], seconds: int) -> list[Message]:
        self.check()
        if self.transient_failures:
            self.transient_failures -= 1
            return []
        self.changes.append(([each.message_id for each in messages], seconds))
        lost = []
        for message in messages:
            record = self._record(message)
            if record is None:
                lost.append(message)
                continue
            record.invisible_until = message.invisible_until = self._clock.now() + seconds
        return lost

    async def bury(self, message: Message, attributes: dict[str, str]) -> None:
        self.check()
        if all(each.message_id != message.message_id for each, _ in self.buried):
            self.buried.append((message, attributes))

    def _take(self, most: int) -> list[Message]:
        now = self._clock.now()
        locked = {record.group_id for record in self.records if record.invisible_until > now}
        found: list[Message] = []
        for record in sorted(self.records, key=lambda each: each.number):
            if record.group_id not in locked and len(found) < most:
                record.receives += 1
                record.receipt = f"{record.number}/{record.receives}"
                record.invisible_until = now + self._visibility_seconds
                found.append(self._message(record, now))
        return found

    def _message(self, record: Record, now: float) -> Message:
        return Message(
            message_id=f"m-{record.number}",
            receipt_handle=record.receipt,
            group_id=record.group_id,
            deduplication_id=f"d-{record.number}",
            body=record.body,
            attributes={},
            sent_at=record.sent_at,
            received_at=now,
            receive_count=record.receives,
            invisible_until=record.invisible_until,
        )

    def _record(self, message: Message) -> Record | None:
        now = self._clock.now()
        return next(
            (each for each in self.records if each.receipt == message.receipt_handle and each.invisible_until > now),
            None,
        )


class MemoryLedger(Switchable):
    """The ledger's rules, in memory."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.items: dict[str, dict[str, Any]] = {}

    async def begin(self, job: Job, until: float, message_id: str = "") -> Entry | Finished | Busy:
        self.check()
        item = self.items.setdefault(
            job.job_id,
            {
                "state": None,
                "failures": 0,
                "rate_limits": 0,
                "attempts": 0,
                "effect": None,
                "progress": {},
                "result_key": "",
            },
        )
        is_buried = item["state"] is State.DEAD and message_id and item["buried"] == message_id
        if item["state"] in FINAL or is_buried:
            return Finished(item["state"], item["result_key"])
        if item["state"] is State.RUNNING and item["until"] > self._clock.now():
            return Busy(item["until"])
        if item["state"] is State.RUNNING:
            item["failures"] += 1
        if item["state"] is State.DEAD:
            item["failures"] = 0
        item["attempts"] += 1
        item |= {"state": State.RUNNING, "until": until, "lease": f"lease-{item['attempts']}"}
        counts = (item["failures"], item["rate_limits"], item["attempts"])
        return Entry(job.job_id, item["lease"], *counts, item["effect"], item["progress"])

    async def probe(self) -> None:
        self.check()

    async def extend(self, entry: Entry, until: float) -> None:
        self._ours(entry)["until"] = until

    async def mark(self, entry: Entry, effect: Effect) -> None:
        self._ours(entry)["effect"] = entry.effect = effect

    async def keep(self, entry: Entry, progress: Mapping[str, Any]) -> None:
        item = self._ours(entry)
        item["progress"] = entry.progress = json.loads(json.dumps(progress))

    async def count_failure(self, entry: Entry) -> None:
        self._ours(entry)["failures"] += 1
        entry.failures += 1

    async def release(self, entry: Entry, *, failures: int = 0, rate_limits: int = 0) -> None:
        self._end(entry, State.WAITING, "", failures, rate_limits)

    async def finish(self, entry: Entry, state: State, result_key: str, *, buried: str = "") -> None:
        self._end(entry, state, result_key, 0, 0, buried)

    def _end(
        self, entry: Entry, state: State, result_key: str, failures: int, rate_limits: int, buried: str = ""
    ) -> None:
        try:
            item = self._ours(entry)
        except LeaseLost:
            return
        item["failures"] += failures
        item["rate_limits"] += rate_limits
        item |= {"state": state, "result_key": result_key, "buried": buried, "lease": "", "effect": entry.effect}

    def _ours(self, entry: Entry) -> dict[str, Any]:
        self.check()
        item = self.items.get(entry.job_id, {})
        if item.get("lease") != entry.lease:
            raise LeaseLost("lost")
        return item


class MemoryPauses(Switchable):
    """Pauses, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.paused: dict[str, float] = {}
        self.rests: dict[str, float] = {}

    async def until(self, account: str) -> float:
        self.check()
        return self.paused.get(account, 0.0)

    async def pause(self, account: str, until: float, reason: str) -> None:
        self.check()
        assert reason
        self.paused[account] = max(until, self.paused.get(account, 0.0))

    async def rest(self, account: str, reason: str) -> float:
        self.check()
        assert reason
        self.rests[account] = rest_seconds(self.rests.get(account, 0.0), 0.0)
        return self.rests[account]

    async def recovered(self, account: str) -> None:
        self.check()
        self.rests.pop(account, None)


class MemoryUpload:
    """A file that arrives piece by piece, in memory."""

    def __init__(self, store: "MemoryObjectStore", key: str, content_type: str) -> None:
        self._store = store
        self._key = key
        self._content_type = content_type
        self._body = b""
        self.is_aborted = False

    def write(self, piece: bytes) -> None:
        self._store.check()
        self._body += piece

    def finish(self) -> str:
        self._store.check()
        self._store.objects[self._key] = (self._body, self._content_type)
        return f"s3://bucket/{self._key}"

    def abort(self) -> None:
        self.is_aborted = True


class MemoryObjectStore(Switchable):
    """A bucket, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.uploads: list[MemoryUpload] = []

    async def put(self, key: str, body: bytes, content_type: str) -> str:
        upload = self.begin(key, content_type)
        upload.write(body)
        return upload.finish()

    async def get(self, key: str) -> bytes | None:
        self.check()
        return self.objects[key][0] if key in self.objects else None

    def begin(self, key: str, content_type: str) -> MemoryUpload:
        self.uploads.append(MemoryUpload(self, key, content_type))
        return self.uploads[-1]

    async def probe(self) -> None:
        self.check()

    def document(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.objects[key][0])
        return found


@dataclass
class Samples:
    """Takes metrics down."""

    taken: list[tuple[Metric, float, dict[str, str]]] = field(default_factory=list)

    def record(self, metric: Metric, value: float, **dimensions: str) -> None:
        self.taken.append((metric, value, dimensions))

    def of(self, metric: Metric) -> list[float]:
        return [value for name, value, _ in self.taken if name is metric]


@dataclass
class ScriptedCarrier:
    """Carries a job out as told: a function, or what to raise or return, one a call."""

    script: Sequence[Any] = ()
    does: Callable[[Job, Once, Artifacts], Awaitable[Mapping[str, Any]]] | None = None
    carried: list[Job] = field(default_factory=list)

    async def carry_out(self, job: Job, once: Once, files: Artifacts) -> Mapping[str, Any]:
        self.carried.append(job)
        if self.does:
            return await self.does(job, once, files)
        told = self.script[min(len(self.carried), len(self.script)) - 1] if self.script else SENT
        if isinstance(told, BaseException):
            raise told
        return dict(told)


SENT = {"fan": "fan-1", "message_id": "1", "sent_at": "2025-01-01T00:00:00Z", "found_in_conversation": False}


class FreeTurn:
    """A turn that is good for ever."""

    async def keep(self) -> None:
        pass


class FreeTurns:
    """Turns without a limit, but for what is in the script: errors that are raised, one a turn."""

    def __init__(self, *script: Exception | None) -> None:
        self.script = list(script)
        self.asked: list[tuple[str, str, float]] = []

    async def take(self, account: str, priority: str, patience_seconds: float) -> Any:
        self.asked.append((account, priority, patience_seconds))
        error = self.script.pop(0) if self.script else None
        if error:
            raise error
        return FreeTurn(), 0.0


async def unpaced() -> None:
    """Requests without a limit."""


class Paced:
    """Leave for so many requests; the next one is out of turn."""

    def __init__(self, requests: int) -> None:
        self.left = requests

    async def __call__(self) -> None:
        if not self.left:
            raise OutOfTurn(60)
        self.left -= 1
