"""The heartbeat, on a queue and a ledger in memory."""

import asyncio

import pytest

from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.ledger import Entry
from tests.unit.worker.doubles import MemoryLedger, MemoryQueue, job
from tests.unit.worker.jumping_loop import LoopClock, run


def test_the_lease_is_kept_with_the_message_and_ends_before_it() -> None:
    """A lease never outlives the invisibility of its message."""

    async def scenario() -> None:
        clock = LoopClock()
        queue, ledger = MemoryQueue(clock), MemoryLedger(clock)
        in_hand = InHand(queue, ledger, clock, 300)
        queue.send_job()
        (message,) = await queue.receive(1)
        entry = await ledger.begin(job(), message.lease_until)
        assert isinstance(entry, Entry)
        in_hand.take([message])
        beating = asyncio.create_task(in_hand.run())
        with in_hand.running(message, entry):
            await asyncio.sleep(1000)
            assert clock.now() < ledger.items[job().job_id]["until"] < queue.records[0].invisible_until
        in_hand.drop([message])
        await asyncio.sleep(301)
        assert queue.records[0].invisible_until < clock.now()
        beating.cancel()

    run(scenario())


def test_a_message_whose_visibility_ended_is_known_as_lost() -> None:
    """After an outage longer than the visibility, what others may have by now is not ours any more."""

    async def scenario() -> None:
        clock = LoopClock()
        queue = MemoryQueue(clock)
        in_hand = InHand(queue, MemoryLedger(clock), clock, 300)
        queue.send_job()
        (message,) = await queue.receive(1)
        in_hand.take([message])
        beating = asyncio.create_task(in_hand.run())
        queue.is_down = True
        await asyncio.sleep(350)
        queue.is_down = False
        await asyncio.sleep(100)
        assert message.lost
        beating.cancel()

    run(scenario())


@pytest.mark.parametrize("moment", [90, 150, 250])
def test_one_transient_failure_to_extend_is_made_good_by_the_next_beat(moment: int) -> None:
    """Wherever in its visibility: the message is never lost, and nobody else ever gets it."""

    async def scenario() -> None:
        clock = LoopClock()
        queue = MemoryQueue(clock)
        in_hand = InHand(queue, MemoryLedger(clock), clock, 300)
        queue.send_job()
        (message,) = await queue.receive(1)
        in_hand.take([message])
        beating = asyncio.create_task(in_hand.run())
        losing = asyncio.create_task(in_hand.lost(message))
        await asyncio.sleep(moment)
        queue.transient_failures = 2
        await asyncio.sleep(1000)
        assert queue.transient_failures == 0
        assert not message.lost
        assert not losing.done()
        assert queue.records[0].invisible_until > clock.now()
        beating.cancel()
        losing.cancel()

    run(scenario())


def test_what_is_never_extended_is_told_as_lost_before_anybody_else_can_have_it() -> None:
    """SQS takes no extension for long: the lease's end is known without asking."""

    async def scenario() -> None:
        clock = LoopClock()
        queue = MemoryQueue(clock)
        in_hand = InHand(queue, MemoryLedger(clock), clock, 300)
        queue.send_job()
        (message,) = await queue.receive(1)
        in_hand.take([message])
        queue.transient_failures = 10**6
        beating = asyncio.create_task(in_hand.run())
        await in_hand.lost(message)
        assert message.lost
        assert clock.now() < queue.records[0].invisible_until
        beating.cancel()

    run(scenario())


@pytest.mark.parametrize("who", ["queue", "ledger"])
def test_what_another_has_by_now_is_told_at_the_next_beat(who: str) -> None:
    """Given out once more by SQS, or taken over in the ledger."""

    async def scenario() -> None:
        clock = LoopClock()
        queue, ledger = MemoryQueue(clock), MemoryLedger(clock)
        in_hand = InHand(queue, ledger, clock, 300)
        queue.send_job()
        (message,) = await queue.receive(1)
        entry = await ledger.begin(job(), message.lease_until)
        assert isinstance(entry, Entry)
        in_hand.take([message])
        beating = asyncio.create_task(in_hand.run())
        with in_hand.running(message, entry):
            if who == "queue":
                queue.records[0].receipt = "another's"
            else:
                ledger.items[job().job_id]["lease"] = "another's"
            await in_hand.lost(message)
            assert clock.monotonic() <= 120
        beating.cancel()

    run(scenario())
