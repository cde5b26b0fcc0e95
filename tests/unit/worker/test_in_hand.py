"""The heartbeat, on a queue and a ledger in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.ledger import Entry
from huntaze_scraper.worker.message import Message
from tests.unit.worker.doubles import MemoryLedger, MemoryQueue, job
from tests.unit.worker.jumping_loop import LoopClock, moments_within, run

VISIBILITY_SECONDS = 300


@dataclass
class Held:
    """A message in hand, whose heart beats."""

    clock: LoopClock
    queue: MemoryQueue
    ledger: MemoryLedger
    in_hand: InHand
    message: Message

    async def begin(self) -> Entry:
        """Begin its job."""
        entry = await self.ledger.begin(job(), self.message.lease_until)
        assert isinstance(entry, Entry)
        return entry

    @property
    def invisible_until(self) -> float:
        return self.queue.records[0].invisible_until


@asynccontextmanager
async def held() -> AsyncIterator[Held]:
    clock = LoopClock()
    queue, ledger = MemoryQueue(clock), MemoryLedger(clock)
    in_hand = InHand(queue, ledger, clock, VISIBILITY_SECONDS)
    queue.send_job()
    (message,) = await queue.receive(1)
    in_hand.take([message])
    beating = asyncio.create_task(in_hand.run())
    yield Held(clock, queue, ledger, in_hand, message)
    beating.cancel()


def test_the_lease_is_kept_with_the_message_and_ends_before_it() -> None:
    """A lease never outlives the invisibility of its message."""

    async def scenario() -> None:
        async with held() as it:
            entry = await it.begin()
            with it.in_hand.running(it.message, entry):
                await asyncio.sleep(1000)
                assert it.clock.now() < it.ledger.items[job().job_id]["until"] < it.invisible_until
            it.in_hand.drop([it.message])
            await asyncio.sleep(VISIBILITY_SECONDS + 1)
            assert it.invisible_until < it.clock.now()

    run(scenario())


def test_a_message_whose_visibility_ended_is_known_as_lost() -> None:
    """After an outage longer than the visibility, what others may have by now is not ours any more."""

    async def scenario() -> None:
        async with held() as it:
            it.queue.is_down = True
            await asyncio.sleep(VISIBILITY_SECONDS + 50)
            it.queue.is_down = False
            await asyncio.sleep(100)
            assert it.message.lost

    run(scenario())


@pytest.mark.parametrize("moment", [90, 150, 250])
def test_one_transient_failure_to_extend_is_made_good_by_the_next_beat(moment: int) -> None:
    """Wherever in its visibility: the message is never lost, and nobody else ever gets it."""

    async def scenario() -> None:
        async with held() as it:
            losing = asyncio.create_task(it.in_hand.lost(it.message))
            await asyncio.sleep(moment)
            it.queue.transient_failures = 2
            await asyncio.sleep(1000)
            assert it.queue.transient_failures == 0
            assert not it.message.lost
            assert not losing.done()
            assert it.invisible_until > it.clock.now()
            losing.cancel()

    run(scenario())


def test_what_is_never_extended_is_told_as_lost_before_anybody_else_can_have_it() -> None:
    """SQS takes no extension for long: the lease's end is known without asking."""

    async def scenario() -> None:
        async with held() as it:
            it.queue.transient_failures = 10**6
            await it.in_hand.lost(it.message)
            assert it.message.lost
            assert it.clock.now() < it.invisible_until

    run(scenario())


def test_an_empty_hand_wakes_nobody_and_beats_from_the_next_message_on() -> None:
    """An idle worker sleeps; what it takes afterwards is kept like the first."""

    async def scenario() -> None:
        async with held() as it:
            it.in_hand.drop([it.message])
            await asyncio.sleep(VISIBILITY_SECONDS + 1)
            assert await moments_within(3600) == 0
            (again,) = await it.queue.receive(1)
            it.in_hand.take([again])
            await asyncio.sleep(1000)
            assert it.clock.now() < it.invisible_until
            assert not again.lost

    run(scenario())


@pytest.mark.parametrize("who", ["queue", "ledger"])
def test_what_another_has_by_now_is_told_at_the_next_beat(who: str) -> None:
    """Given out once more by SQS, or taken over in the ledger."""

    async def scenario() -> None:
        async with held() as it:
            entry = await it.begin()
            with it.in_hand.running(it.message, entry):
                if who == "queue":
                    it.queue.records[0].receipt = "another's"
                else:
                    it.ledger.items[job().job_id]["lease"] = "another's"
                await it.in_hand.lost(it.message)
                assert it.clock.monotonic() <= 120

    run(scenario())
