"""By which handle a message is deleted."""

import time
from typing import Any

import pytest
from localprocs.queue_kinds import FifoQueue, StandardQueue
from localstack.services.sqs import models
from localstack.services.sqs.exceptions import InvalidParameterValueException


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets seconds go by for the queues."""
    ahead = [0.0]
    real = time.time
    monkeypatch.setattr(models.time, "time", lambda: real() + ahead[0])

    def pass_by(seconds: float) -> None:
        ahead[0] += seconds

    return pass_by


def received_twice(queue: Any, later: Any, **sent: str) -> tuple[str, str]:
    """Return both handles of a message that came back."""
    queue.put({"MessageId": "1", "Body": "1"}, **sent)
    (first,) = queue.receive(visibility_timeout=30).receipt_handles
    later(31)
    queue.requeue_inflight_messages()
    (second,) = queue.receive(visibility_timeout=30).receipt_handles
    return first, second


def test_a_fifo_queue_takes_the_newest_handle_alone(later: Any) -> None:
    """Who had the message before cannot delete it from under who has it now."""
    queue: Any = FifoQueue("q.fifo", "us-east-1", "000000000000", {"FifoQueue": "true"})
    first, second = received_twice(queue, later, message_group_id="g", message_deduplication_id="1")

    with pytest.raises(InvalidParameterValueException, match="expired"):
        queue.remove(first)
    queue.remove(second)

    later(31)
    queue.requeue_inflight_messages()
    assert queue.receive().successful == []


def test_a_standard_queue_takes_any(later: Any) -> None:
    """As LocalStack's; AWS promises nothing of an older one."""
    queue: Any = StandardQueue("q", "us-east-1", "000000000000")
    first, _ = received_twice(queue, later)

    queue.remove(first)
