"""Messages that nobody got."""

from typing import Any

import pytest
from localprocs.queue_kinds import FifoQueue
from localprocs.undelivered import take_back
from localstack.services.sqs.models import StandardQueue


@pytest.fixture(params=[StandardQueue, FifoQueue])
def queue(request: Any) -> Any:
    """A queue of each kind with three messages of one group."""
    fifo = request.param is FifoQueue
    queue = request.param("q.fifo" if fifo else "q", "us-east-1", "000000000000", {"FifoQueue": "true"} if fifo else {})
    for body in ("1", "2", "3"):
        names = {"message_group_id": "g", "message_deduplication_id": body} if fifo else {}
        queue.put({"MessageId": body, "Body": body, "Attributes": {}}, **names)
    return queue


def receive(queue: Any, most: int = 10) -> Any:
    """Take what is visible, for an hour."""
    return queue.receive(num_messages=most, visibility_timeout=3600)


def test_they_are_as_if_nobody_had_asked_for_them(queue: Any) -> None:
    """At once, in order, and never received, however often."""
    for _ in range(3):
        take_back(queue, receive(queue))
    again = receive(queue)
    assert [it.message["Body"] for it in again.successful] == ["1", "2", "3"]
    assert {it.message["Attributes"]["ApproximateReceiveCount"] for it in again.successful} == {"1"}


def test_one_that_was_done_with_meanwhile_stays_so(queue: Any) -> None:
    """Its client was quicker than its death was noticed."""
    got = receive(queue, 1)
    queue.remove(got.receipt_handles[0])
    take_back(queue, got)
    assert [it.message["Body"] for it in receive(queue).successful] == ["2", "3"]
