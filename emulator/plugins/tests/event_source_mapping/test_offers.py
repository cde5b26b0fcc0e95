"""Waiting at a queue without asking it."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from localprocs.event_source_mapping import offers
from localprocs.event_source_mapping.offers import Ending, await_offer
from localprocs.queue_kinds import FifoQueue, StandardQueue
from localstack.services.sqs.models import sqs_stores

PATIENCE = 30
PLACE = ("us-east-1", "000000000000")


@pytest.fixture(params=["q", "q.fifo"])
def queue(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An empty queue of each kind."""
    name = request.param
    made: Any = FifoQueue(name, *PLACE, {"FifoQueue": "true"}) if name == "q.fifo" else StandardQueue(name, *PLACE)
    queues = sqs_stores[PLACE[1]][PLACE[0]].queues
    queues[name] = made
    yield made
    queues.pop(name, None)


class Waiting:
    """Somebody who waits at the queue."""

    def __init__(self, queue: Any) -> None:
        self.ending = Ending(queue.arn)
        self._arn = queue.arn
        self._thread = threading.Thread(target=await_offer, args=(queue.arn, self.ending), daemon=True)

    def begin(self) -> "Waiting":
        """Return once it waits."""
        condition = offers._offers_of(self._arn).not_empty
        waiting = threading.Event()
        theirs = condition.wait_for

        def wait_for(predicate: Callable[[], Any], timeout: float) -> Any:
            waiting.set()
            return theirs(predicate, timeout)

        condition.wait_for = wait_for
        self._thread.start()
        assert waiting.wait(PATIENCE)
        with condition:  # it has let go of it, and so waits
            condition.wait_for = theirs
        return self

    def is_over(self) -> bool:
        """Whether it is over within our patience."""
        self._thread.join(PATIENCE)
        return not self._thread.is_alive()


def put(queue: Any, body: str) -> None:
    """Send one."""
    group = {"message_group_id": "g", "message_deduplication_id": body} if isinstance(queue, FifoQueue) else {}
    queue.put({"MessageId": body, "Body": body}, **group)


def test_a_message_ends_the_wait_and_stays(queue: Any) -> None:
    """It is received by whoever was woken, or another."""
    waiting = Waiting(queue).begin()
    put(queue, "a")
    assert waiting.is_over()
    assert [it.message["Body"] for it in queue.receive(10).successful] == ["a"]


def test_where_something_lies_nobody_waits(queue: Any) -> None:
    """It may have come before the wait."""
    put(queue, "a")
    await_offer(queue.arn, Ending(queue.arn))


def test_the_mappings_end_ends_the_wait(queue: Any) -> None:
    """At once, whatever time it is; and an end that came before."""
    waiting = Waiting(queue).begin()
    waiting.ending.set()
    assert waiting.is_over()
    await_offer(queue.arn, waiting.ending)


def test_the_queues_end_ends_the_wait(queue: Any) -> None:
    """Whoever asks it then is told that it is gone; one that is not there is not waited for."""
    waiting = Waiting(queue).begin()
    queue.shutdown()
    assert waiting.is_over()
    del sqs_stores[PLACE[1]][PLACE[0]].queues[queue.name]
    await_offer(queue.arn, waiting.ending)


def test_who_ends_passes_on_what_only_he_was_told_of(queue: Any) -> None:
    """A message wakes one of those who wait: not the one alone that does not take it."""
    first, second = Waiting(queue).begin(), Waiting(queue).begin()
    threading.Event.set(first.ending)  # nobody is woken for it
    put(queue, "a")
    assert first.is_over()
    assert second.is_over()
