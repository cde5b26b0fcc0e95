"""Messages expire when AWS's would."""

import json
import time
from typing import Any

import pytest
from localprocs.queue_kinds import FifoQueue, StandardQueue
from localstack.services.sqs.models import sqs_stores

RETENTION_SECONDS = 120
SENT = 1_000_000.0


class Clock:
    """A clock that stands until it is told to move."""

    now = SENT


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of all here."""
    clock = Clock()
    monkeypatch.setattr(time, "time", lambda: clock.now)
    return clock


@pytest.fixture(params=[StandardQueue, FifoQueue])
def queue(request: Any, clock: Clock) -> Any:
    """A queue of each kind that keeps messages for two minutes."""
    fifo = {"FifoQueue": "true"} if request.param is FifoQueue else {}
    return request.param(
        "q.fifo" if fifo else "q",
        "us-east-1",
        "000000000000",
        {"MessageRetentionPeriod": str(RETENTION_SECONDS), **fifo},
    )


def put(queue: Any, body: str, **attributes: str) -> None:
    """Send a message."""
    fifo = {"message_group_id": "g", "message_deduplication_id": body} if isinstance(queue, FifoQueue) else {}
    queue.put({"MessageId": body, "Body": body, "Attributes": attributes}, **fifo)


def bodies(queue: Any, **asked: int) -> list[str]:
    """Receive what can be."""
    return [it.message["Body"] for it in queue.receive(num_messages=10, **asked).successful]


def counts(queue: Any) -> list[int]:
    """Tell how many are visible, in flight and delayed."""
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    told = queue.get_queue_attributes(names)
    return [int(told[name]) for name in names]


def test_what_is_visible_expires_and_not_before(queue: Any, clock: Clock) -> None:
    """One sent a second later is still there."""
    put(queue, "old")
    clock.now += 1
    put(queue, "young")
    clock.now += RETENTION_SECONDS - 1
    assert counts(queue) == [1, 0, 0]
    assert bodies(queue) == ["young"]


def test_what_is_in_flight_expires(queue: Any, clock: Clock) -> None:
    """It is not counted, cannot be changed, and does not come back."""
    put(queue, "old")
    bodies(queue, visibility_timeout=RETENTION_SECONDS * 2)
    clock.now += RETENTION_SECONDS
    assert counts(queue) == [0, 0, 0]
    clock.now += RETENTION_SECONDS
    queue.requeue_inflight_messages()
    assert bodies(queue) == []


def test_what_expires_in_flight_holds_up_its_group_no_longer(clock: Clock) -> None:
    """What was sent after it is given out."""
    queue = FifoQueue("q.fifo", "us-east-1", "000000000000", {"MessageRetentionPeriod": "120", "FifoQueue": "true"})
    put(queue, "old")
    bodies(queue, visibility_timeout=RETENTION_SECONDS * 2)
    clock.now += 60
    put(queue, "young")
    assert bodies(queue) == []
    clock.now += 60
    assert bodies(queue) == ["young"]


def test_what_is_delayed_expires(queue: Any, clock: Clock) -> None:
    """A delay longer than the retention is never over."""
    queue.update_delay_seconds(RETENTION_SECONDS * 2)
    put(queue, "old")
    clock.now += RETENTION_SECONDS
    assert counts(queue) == [0, 0, 0]
    clock.now += RETENTION_SECONDS + 1
    queue.enqueue_delayed_messages()
    assert bodies(queue) == []


def test_a_changed_retention_counts_for_what_is_there(queue: Any, clock: Clock) -> None:
    """As on AWS, which applies it to the queue's messages."""
    put(queue, "old")
    queue.attributes["MessageRetentionPeriod"] = "60"
    clock.now += 60
    assert counts(queue) == [0, 0, 0]


def test_what_a_checkpoint_brings_back_has_as_long_as_it_had(queue: Any, clock: Clock) -> None:
    """Its moments lie later by the time that has gone by since."""
    put(queue, "brought back")
    clock.now += RETENTION_SECONDS * 5
    for message in {it for _, _, it in queue._by_age}:
        message.created += RETENTION_SECONDS * 5
    assert counts(queue) == [1, 0, 0]
    clock.now += RETENTION_SECONDS
    assert counts(queue) == [0, 0, 0]


def test_a_standard_dead_letter_keeps_its_age(clock: Clock) -> None:
    """And begins anew when it is sent back."""
    source, dead = (StandardQueue(name, "us-east-1", "000000000000", {}) for name in ("source", "dead"))
    source.attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": "1"})
    sqs_stores["000000000000"]["us-east-1"].queues |= {"source": source, "dead": dead}
    letter = {"SentTimestamp": str(int((SENT - 600) * 1000)), "DeadLetterQueueSourceArn": source.arn}
    for queue in (source, dead):
        queue.attributes["MessageRetentionPeriod"] = "600"
        put(queue, "letter", **letter)
    assert (bodies(source), bodies(dead)) == (["letter"], [])


def test_many_expire_at_once(clock: Clock) -> None:
    """In one pass, not one for each."""
    queue = StandardQueue("q", "us-east-1", "000000000000", {"MessageRetentionPeriod": "120"})
    for number in range(20_000):
        put(queue, str(number))
    clock.now += RETENTION_SECONDS
    assert counts(queue) == [0, 0, 0]
