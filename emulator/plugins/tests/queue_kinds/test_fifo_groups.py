"""FIFO queues give out each group in order, and no group waits for another."""

from random import Random
from typing import Any

import pytest
from localprocs.queue_kinds import FifoQueue


@pytest.fixture
def queue() -> Any:
    """A queue with nothing on it."""
    return FifoQueue("groups.fifo", "us-east-1", "000000000000", {"FifoQueue": "true"})


def put(queue: Any, *messages: tuple[str, str]) -> None:
    """Put messages, each a group and a body."""
    for group, body in messages:
        queue.put({"MessageId": body, "Body": body}, message_group_id=group, message_deduplication_id=body)


def receive(queue: Any) -> dict[str, str]:
    """Take what is visible: receipt handles by body."""
    queue.requeue_inflight_messages()
    return receive_some(queue, 10)


def receive_some(queue: Any, most: int) -> dict[str, str]:
    """Take what is visible, so many at most."""
    result = queue.receive(num_messages=most)
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


def test_a_hidden_message_holds_up_what_was_sent_after_it(queue: Any) -> None:
    """Also what was in flight with it and is due, and what came later."""
    put(queue, ("a", "a1"), ("a", "a2"))
    taken = receive(queue)
    queue.update_visibility_timeout(taken["a1"], 3600)
    make_due(queue, "a2")
    put(queue, ("a", "a3"))
    assert receive(queue) == {}
    make_due(queue, "a1")
    assert list(receive(queue)) == ["a1", "a2", "a3"]


@pytest.mark.parametrize("hidden", [0, 1, 2])
def test_what_was_sent_before_a_hidden_message_is_given_out(queue: Any, hidden: int) -> None:
    """As AWS's snapshots have it: of three received together, one is hidden for longer."""
    bodies = ["a1", "a2", "a3"]
    put(queue, *(("a", body) for body in bodies))
    taken = receive(queue)
    queue.update_visibility_timeout(taken[bodies[hidden]], 3600)
    for body in bodies[:hidden] + bodies[hidden + 1 :]:
        make_due(queue, body)
    assert list(receive(queue)) == bodies[:hidden]


def test_a_message_handed_back_comes_before_those_still_in_flight(queue: Any) -> None:
    """And what was never received does not come with it, past them."""
    put(queue, ("a", "a1"), ("a", "a2"))
    taken = receive(queue)
    put(queue, ("a", "a3"))
    queue.update_visibility_timeout(taken["a1"], 0)
    assert list(receive(queue)) == ["a1"]


def test_a_message_handed_back_waits_for_those_before_it(queue: Any) -> None:
    """It does not overtake the one that is still in flight."""
    put(queue, ("a", "a1"), ("a", "a2"))
    taken = receive(queue)
    queue.update_visibility_timeout(taken["a2"], 0)
    assert receive(queue) == {}
    queue.remove(taken["a1"])
    assert list(receive(queue)) == ["a2"]


def test_what_goes_to_the_dead_letter_queue_holds_up_nothing(queue: Any) -> None:
    """The next of its group is received with the same call."""
    queue.attributes["RedrivePolicy"] = '{"deadLetterTargetArn": "arn", "maxReceiveCount": "1"}'
    put(queue, ("a", "a1"))
    queue.update_visibility_timeout(receive(queue)["a1"], 0)
    put(queue, ("a", "a2"))
    result = queue.receive(num_messages=10)
    assert [it.message["Body"] for it in result.dead_letter_messages] == ["a1"]
    assert [it.message["Body"] for it in result.successful] == ["a2"]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_done_a_group_is_worked_on_in_order(queue: Any, seed: int) -> None:
    """Nothing is given out while something sent before it in its group is in flight or visible, and nothing is lost."""
    random = Random(seed)
    sent = {group: [f"{group}{number}" for number in range(8)] for group in "abc"}
    for number in range(8):
        put(queue, *((group, sent[group][number]) for group in sent))
    held: dict[str, str] = {}
    left = {body for bodies in sent.values() for body in bodies}
    for _ in range(200):
        taken = receive_some(queue, random.randint(1, 4))
        for body, handle in taken.items():
            assert not {it for it in held if it[0] == body[0] and it < body} - taken.keys()
            held[body] = handle
        for body in random.sample(sorted(held), len(held) // 2):
            match random.choice(("delete", "hand back", "extend")):
                case "delete":
                    queue.remove(held.pop(body))
                    left.discard(body)
                case "hand back":
                    queue.update_visibility_timeout(held.pop(body), 0)
                case "extend":
                    queue.update_visibility_timeout(held[body], 3600)
    for handle in held.values():
        queue.update_visibility_timeout(handle, 0)
    receive_some(queue, 100)
    assert receive_some(queue, 100) == {}
    assert {it.message["Body"] for it in queue.inflight} == left


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
