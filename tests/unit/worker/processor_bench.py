"""A processor with all that it needs, in memory."""

import asyncio
from typing import Any

from huntaze_scraper.telemetry.redaction import Redactor
from huntaze_scraper.worker.circuit_breaker import CircuitBreaker
from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.message import Message
from huntaze_scraper.worker.outcome import Outcome, Then
from huntaze_scraper.worker.processor import Processor
from huntaze_scraper.worker.reactions import Reactions
from huntaze_scraper.worker.readiness import Readiness
from huntaze_scraper.worker.shutdown import Shutdown
from tests.unit.worker.doubles import (
    MemoryLedger,
    MemoryObjectStore,
    MemoryPauses,
    MemoryQueue,
    Samples,
    ScriptedCarrier,
)
from tests.unit.worker.jumping_loop import LoopClock


class Bench:
    """A processor with all that it needs."""

    def __init__(self, *script: object, max_failures: int = 3, max_receives: int = 1000) -> None:
        self.clock = LoopClock()
        self.queue = MemoryQueue(self.clock)
        self.ledger = MemoryLedger(self.clock)
        self.pauses = MemoryPauses()
        self.store = MemoryObjectStore()
        self.samples = Samples()
        self.carrier = ScriptedCarrier(script)
        self.breaker = CircuitBreaker()
        self.shutdown = Shutdown(60)
        self.redactor = Redactor()
        self.in_hand = InHand(self.queue, self.ledger, self.clock, 300)
        self.readiness = Readiness({}, self.samples)
        self.processor = Processor(
            ledger=self.ledger,
            pauses=self.pauses,
            store=self.store,
            reactions=Reactions(
                self.queue, self.ledger, self.pauses, self.store, self.clock, self.redactor, max_failures, max_receives
            ),
            carrier=self.carrier,
            in_hand=self.in_hand,
            breaker=self.breaker,
            readiness=self.readiness,
            metrics=self.samples,
            clock=self.clock,
            shutdown=self.shutdown,
        )

    async def receive(self) -> Message:
        (message,) = await self.queue.receive(1)
        return message

    async def process(self) -> Outcome:
        """Take one message and do to the queue what the consumer would."""
        message = await self.receive()
        outcome = await self.processor.process(message)
        if outcome.then is Then.DELETE:
            await self.queue.delete(message)
        if outcome.then is Then.COME_BACK:
            await self.queue.change_visibility([message], round(outcome.visibility_seconds))
            await asyncio.sleep(outcome.visibility_seconds + 5)
        return outcome

    def item(self) -> dict[str, Any]:
        (item,) = self.ledger.items.values()
        return item
