"""What a simulated world stands on: time, the queues, the store, and the pollers that start invocations."""

import heapq
import itertools
import json
import math
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Protocol

from huntaze_scraper import jobs
from huntaze_scraper.limit.in_force import LOOK_SECONDS, Scope
from huntaze_scraper.limit.line import Next
from huntaze_scraper.rate_limiter.bucket import Bucket, Limit
from huntaze_scraper.rate_limiter.decisions import Decision
from huntaze_scraper.rate_limiter.places import Changed
from huntaze_scraper.settings import ACCOUNT, INVOCATION_SECONDS, PIPELINE
from tests.unit.limit.marks import MemoryMarks
from tests.unit.rate_limiter.memory import MemoryPlaces
from tests.unit.rate_limiter.simulation.options import CALM, Options
from tests.unit.rate_limiter.simulation.queues import FifoQueue, Forwarded, StandardQueue

START = 1_700_000_000.0
MAX_BATCH = 10
LONGEST_POLL_SECONDS = 1.0


class WorldClock:
    """The world's time."""

    def __init__(self, world: "Ground") -> None:
        self._world = world

    def now(self) -> float:
        return self._world.now

    def monotonic(self) -> float:
        return self._world.now

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


class Running(Protocol):
    """An invocation, as far as pollers know it."""

    batch: Any
    is_over: bool

    def kill(self) -> None: ...

    def resume(self) -> None: ...


class Ground(ABC):
    """A pipeline's front half, made from a source of chance: the same source gives the same history."""

    def __init__(
        self,
        random: Random,
        options: Options = CALM,
        *,
        limit: Limit | None = None,
        concurrency: int = 3,
    ) -> None:
        self.random = random
        self.options = options
        self.limit = limit or Limit()
        self.marks = MemoryMarks()
        self.switched_at = -math.inf
        self.best_effort = 0
        self.concurrency = concurrency
        self.now = START
        self.ingress = StandardQueue(lambda: self.now)
        self.workflows = FifoQueue(lambda: self.now)
        self.workflows.on_message = self.check_forward
        self.store = MemoryPlaces(self.limit.capacity)
        self.set_aside: list[tuple[str, Mapping[str, Any]]] = []
        self.decisions: list[Decision] = []
        self.invocations: list[Running] = []
        self.store_calls = 0
        self.valid: dict[str, str] = {}
        self.sent_at: dict[str, int] = {}
        self.turns: dict[str, Next] = {}
        self.invalid: Counter[str] = Counter()
        self.faults: dict[str, list[float]] = defaultdict(list)
        self.joined_at: dict[str, float] = {}
        self.granted_at: dict[str, float] = {}
        self._messages: dict[str, list[str]] = defaultdict(list)
        self._down: dict[str, float] = {}
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self.switch(is_shared=True)
        self.was_switched = False
        self._poll()

    def switch(self, *, is_shared: bool) -> None:
        """Deploy the limiter with the other scope: what runs goes on to its end with its own."""
        self.was_switched, self.switched_at = True, self.now
        self.is_shared = is_shared
        self.scope = Scope(self.marks, PIPELINE if is_shared else ACCOUNT, self.pause_seconds, WorldClock(self))

    @property
    def pause_seconds(self) -> float:
        """How long what the other scope's invocations send may count."""
        return INVOCATION_SECONDS + self.limit.return_ms / 1000

    @property
    def is_by_account(self) -> bool:
        """Whether the limit is each account's, or was until just now."""
        return not self.is_shared or self.now < self.switched_at + LOOK_SECONDS + self.pause_seconds

    @abstractmethod
    def begin(self, records: Sequence[Mapping[str, Any]]) -> Running:
        """Start an invocation on the records."""

    @abstractmethod
    def check_forward(self, message: Forwarded) -> None:
        """Look at what was forwarded just now."""

    @abstractmethod
    def check_store(self) -> None:
        """Look at what the store holds now."""

    def happens(self, probability: float) -> bool:
        """Draw."""
        return probability > 0 and self.random.random() < probability

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something so many seconds from now."""
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), action))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self._events and self._events[0][0] <= until:
            self.now, _, action = heapq.heappop(self._events)
            action()
        self.now = until

    def drain(self, most_seconds: float) -> None:
        """Let time pass until every message has left the ingress queue."""
        until = self.now + most_seconds
        while self.ingress.messages or self._active:
            assert self.now < until, f"{len(self.ingress.messages)} messages still wait after {most_seconds} s"
            self.run(1)

    def produce(self, payload: Mapping[str, Any], *, attributes: Mapping[str, Any] | None = None) -> str:
        """Send a job; return its content's id."""
        body = json.dumps({"timestamp": "2025-01-01T00:00:00Z", **payload})
        message_id = self.ingress.send(body, attributes)
        job = jobs.parse(body)
        self.valid[job.job_id] = job.account
        self.sent_at.setdefault(job.job_id, self.ingress.messages[message_id].sent_at)
        self.turns[job.job_id] = Next(job.priority, job.account)
        self._messages[job.account].append(message_id)
        return job.job_id

    def produce_invalid(self, body: str) -> None:
        """Send what is no job."""
        self.ingress.send(body)
        self.invalid[body] += 1

    def take_down(self, service: str, seconds: float) -> None:
        """Let a service refuse every call for a while."""
        self._down[service] = self.now + seconds

    def is_down(self, service: str) -> bool:
        """Tell whether the service refuses calls."""
        return self.now < self._down.get(service, 0)

    def kill_all(self) -> None:
        """Kill every process that runs."""
        for invocation in self._active:
            self.note_fault(invocation)
            invocation.kill()

    def note_fault(self, invocation: Running) -> None:
        """Remember that the invocation's messages had bad luck."""
        for arrival in invocation.batch:
            self.faults[arrival.message_id].append(self.now)

    def messages_for(self, account: str) -> list[str]:
        """Return the ids of the account's messages."""
        return self._messages[account]

    def first_forwards(self) -> list[Forwarded]:
        """Return the workflows queue's messages without later copies."""
        first: dict[str, Forwarded] = {}
        for message in self.workflows.messages:
            first.setdefault(message.job_id, message)
        return list(first.values())

    def write(self, key: str, changed: Changed) -> Bucket:
        """Store, and note when jobs joined, and when an account's were let go."""
        before = self.store.bucket(key)
        written = self.store.write(key, changed)
        for it in changed.waiting:
            self.joined_at.setdefault(it.job.job_id, self.now)
        for account, until in written.held.items():
            if before.held.get(account) != until:
                self.granted_at[account] = self.now
        self.check_store()
        return written

    @property
    def _active(self) -> list[Running]:
        self.invocations = [it for it in self.invocations if not it.is_over]
        return self.invocations

    def _poll(self) -> None:
        while len(self._active) < self.concurrency and self._receive():
            pass
        pause = self.random.uniform(0.05, 0.5)
        idle = min((it.visible_at for it in self.ingress.messages.values()), default=math.inf) - self.now
        self.at(max(pause, min(idle, LONGEST_POLL_SECONDS)), self._poll)

    def _receive(self) -> bool:
        """Start an invocation on some of the messages that are there, in no order."""
        found = [key for key in self.ingress.visible() if not self.happens(self.options.late_delivery)]
        if self.options.duplicate_delivery:
            known = set(found)
            in_flight = [key for key in self.ingress.messages if key not in known]
            found += [key for key in in_flight if self.happens(self.options.duplicate_delivery / 100)]
        if not found:
            return False
        # A poller mostly gets a full batch where there is one, and sometimes any part of it.
        size = MAX_BATCH if self.random.random() < 0.8 else self.random.randint(1, MAX_BATCH)
        if self.best_effort:
            # A standard queue's own promise is best-effort ordering.
            found = sorted(found, key=lambda key: self.ingress.messages[key].visible_at)[: self.best_effort]
        chosen = self.random.sample(found, min(len(found), size))
        records = [record for key in chosen if (record := self.ingress.receive(key))]
        if records:
            invocation = self.begin(records)
            self.invocations.append(invocation)
            self.at(0, invocation.resume)
        return True
