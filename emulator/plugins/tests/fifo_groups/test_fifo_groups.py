"""FIFO queues hide by group."""

from typing import Any

import pytest
from localprocs import fifo_groups
from localstack.services.sqs.models import FifoQueue


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A queue with our behaviour, and nothing on it."""
    original = FifoQueue.update_visibility_timeout
    monkeypatch.setattr(FifoQueue, "requeue_inflight_messages", fifo_groups.requeue_inflight_messages)

    def update(self: Any, receipt_handle: str, visibility_timeout: int) -> None:
        if visibility_timeout == 0:
            fifo_groups.hand_back(original, self, receipt_handle)
        else:
            original(self, receipt_handle, visibility_timeout)

    monkeypatch.setattr(FifoQueue, "update_visibility_timeout", update)
    return FifoQueue("groups.fifo", "us-east-1", "000000000000", {"FifoQueue": "true"})


def put(queue: Any, *messages: tuple[str, str]) -> None:
    """Put messages, each a group and a body."""
    for group, body in messages:
        queue.put({"MessageId": body, "Body": body}, message_group_id=group, message_deduplication_id=body)


def receive(queue: Any) -> dict[str, str]:
    """Take what is visible: receipt handles by body."""
    queue.requeue_inflight_messages()
    result = queue.receive(num_messages=10)
    return {
        message.message["Body"]: handle
        for message, handle in zip(result.successful, result.receipt_handles, strict=True)
    }


def make_due(queue: Any, body: str) -> None:
    """Let the time of a message in flight come."""
    (message,) = [it for it in queue.inflight if it.message["Body"] == body]
    message.visibility_deadline = 0


def test_a_hidden_message_holds_up_no_other_group(queue: Any) -> None:
    """The one received first is hidden for an hour; the other's time comes."""
    put(queue, ("a", "a1"), ("b", "b1"))
    taken = receive(queue)
    queue.update_visibility_timeout(taken["a1"], 3600)
    make_due(queue, "b1")
    assert set(receive(queue)) == {"b1"}


def test_a_hidden_message_holds_up_its_own_group(queue: Any) -> None:
    """Also what was in flight with it and is due, and what came later."""
    put(queue, ("a", "a1"), ("a", "a2"))
    taken = receive(queue)
    queue.update_visibility_timeout(taken["a1"], 3600)
    make_due(queue, "a2")
    put(queue, ("a", "a3"))
    assert receive(queue) == {}
    make_due(queue, "a1")
    assert list(receive(queue)) == ["a1", "a2", "a3"]


def test_a_message_handed_back_waits_for_its_group(queue: Any) -> None:
    """It does not overtake the one that is still in flight."""
    put(queue, ("a", "a1"), ("a", "a2"))
    taken = receive(queue)
    queue.update_visibility_timeout(taken["a2"], 0)
    assert receive(queue) == {}
    queue.remove(taken["a1"])
    assert list(receive(queue)) == ["a2"]


def test_a_message_handed_back_alone_is_there_at_once(queue: Any) -> None:
    """Nobody else of its group is in flight."""
    put(queue, ("a", "a1"), ("b", "b1"))
    taken = receive(queue)
    queue.update_visibility_timeout(taken["a1"], 0)
    assert list(receive(queue)) == ["a1"]


@pytest.mark.parametrize("first", ["a1", "a2"])
def test_a_group_handed_back_whole_comes_back_in_order(queue: Any, first: str) -> None:
    """In whichever order it was handed back."""
    put(queue, ("a", "a1"), ("a", "a2"))
    taken = receive(queue)
    for body in (first, *({"a1", "a2"} - {first})):
        queue.update_visibility_timeout(taken[body], 0)
    assert list(receive(queue)) == ["a1", "a2"]
