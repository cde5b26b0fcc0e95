"""Keeps what is in hand invisible to other workers while it is in hand."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import LeaseLost, StoreUnavailable
from huntaze_scraper.worker.ledger import Entry, Ledger
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.workflows_queue import WorkflowsQueue

log = structlog.stdlib.get_logger(__name__)


class InHand:
    """The messages that this worker holds, and the leases of those that run."""

    def __init__(self, queue: WorkflowsQueue, ledger: Ledger, clock: Clock, visibility_seconds: int) -> None:
        """Hold nothing yet; what is held stays invisible for ``visibility_seconds`` at a time."""
        self._queue = queue
        self._ledger = ledger
        self._clock = clock
        self._visibility_seconds = visibility_seconds
        self._messages: dict[Message, Entry | None] = {}

    def __len__(self) -> int:
        """Return how many messages are held."""
        return len(self._messages)

    def take(self, messages: Iterable[Message]) -> None:
        """Begin to keep messages invisible, in the order in which they are to be kept."""
        self._messages.update(dict.fromkeys(messages))

    def drop(self, messages: Iterable[Message]) -> None:
        """Leave messages to their visibility."""
        for message in messages:
            self._messages.pop(message, None)

    @contextmanager
    def running(self, message: Message, entry: Entry) -> Iterator[None]:
        """Keep the job's lease as well, as long as its message is invisible."""
        self._messages[message] = entry
        try:
            yield
        finally:
            if message in self._messages:
                self._messages[message] = None

    async def run(self) -> None:
        """Extend again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._visibility_seconds / 3)
            await self.extend()

    async def extend(self) -> None:
        """Extend everything once. A message first, its lease after it: a lease never outlives its message."""
        messages = [message for message in self._messages if not message.lost]
        try:
            for message in await self._queue.change_visibility(messages, self._visibility_seconds):
                message.lost = message in self._messages
                if message.lost:
                    log.warning("message_lost", message_id=message.message_id)
            for message, entry in list(self._messages.items()):
                if entry is not None and not message.lost:
                    await self._keep(message, entry)
        except StoreUnavailable as error:
            log.warning("heartbeat_failed", reason=str(error))

    async def _keep(self, message: Message, entry: Entry) -> None:
        try:
            await self._ledger.extend(entry, message.lease_until)
        except LeaseLost:
            if self._messages.get(message) is entry:
                log.warning("lease_lost", message_id=message.message_id)
