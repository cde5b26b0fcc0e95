"""Keeps what is in hand invisible to other workers while it is in hand, and tells when it is not ours any more."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import structlog

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import LeaseLost, StoreUnavailable
from huntaze_scraper.worker.ledger import Entry, Ledger
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.workflows_queue import WorkflowsQueue

BEATS = 30
"""In the time of one visibility; what was extended less than a third of it ago is left alone."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class Hold:
    """What is known of a message in hand."""

    entry: Entry | None = None
    """The job's lease, while it runs."""
    lost: asyncio.Event = field(default_factory=asyncio.Event)


class InHand:
    """The messages that this worker holds, and the leases of those that run."""

    def __init__(self, queue: WorkflowsQueue, ledger: Ledger, clock: Clock, visibility_seconds: int) -> None:
        """Hold nothing yet; what is held stays invisible for ``visibility_seconds`` at a time."""
        self._queue = queue
        self._ledger = ledger
        self._clock = clock
        self._visibility_seconds = visibility_seconds
        self._held: dict[Message, Hold] = {}
        self._is_held = asyncio.Event()

    def __len__(self) -> int:
        """Return how many messages are held."""
        return len(self._held)

    def __contains__(self, message: object) -> bool:
        """Tell whether a message is held."""
        return message in self._held

    def take(self, messages: Iterable[Message]) -> None:
        """Begin to keep messages invisible, in the order in which they are to be kept."""
        for message in messages:
            self._hold(message)

    def drop(self, messages: Iterable[Message]) -> None:
        """Leave messages to their visibility."""
        for message in messages:
            self._held.pop(message, None)

    @contextmanager
    def running(self, message: Message, entry: Entry) -> Iterator[None]:
        """Keep the job's lease as well, as long as its message is invisible."""
        hold = self._hold(message)
        hold.entry = entry
        try:
            yield
        finally:
            hold.entry = None

    async def lost(self, message: Message) -> None:
        """Return when a message is not ours any more: SQS or the ledger says so, or its lease is over unextended."""
        hold = self._hold(message)
        while not message.lost:
            left = message.lease_until - self._clock.now()
            if left <= 0:
                self._lose(message, "its visibility ended")
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await hold.lost.wait()

    async def run(self) -> None:
        """Extend again and again while anything is held, until cancelled."""
        while True:
            await asyncio.sleep(self._visibility_seconds / BEATS)
            await self.extend()
            if not self._held:
                self._is_held.clear()
                await self._is_held.wait()

    async def extend(self) -> None:
        """Extend what is due. A message first, its lease after it: a lease never outlives its message."""
        soon = self._clock.now() + self._visibility_seconds * 2 / 3
        due = [message for message in self._held if not message.lost and message.invisible_until <= soon]
        if not due:
            return
        try:
            for message in await self._queue.change_visibility(due, self._visibility_seconds):
                self._lose(message, "the queue says so")
        except StoreUnavailable as error:
            log.warning("heartbeat_failed", reason=str(error))
            return
        await asyncio.gather(*map(self._keep, due))

    def _hold(self, message: Message) -> Hold:
        self._is_held.set()
        return self._held.setdefault(message, Hold())

    async def _keep(self, message: Message) -> None:
        hold = self._held.get(message)
        if hold is None or hold.entry is None or message.lost:
            return
        entry = hold.entry
        try:
            await self._ledger.extend(entry, message.lease_until)
        except StoreUnavailable as error:
            log.warning("heartbeat_failed", reason=str(error))
        except LeaseLost:
            if hold.entry is entry:
                self._lose(message, "another worker holds the job")

    def _lose(self, message: Message, why: str) -> None:
        hold = self._held.get(message)
        if hold is None:  # done with meanwhile
            return
        message.lost = True
        hold.lost.set()
        log.warning("message_lost", message_id=message.message_id, why=why)
