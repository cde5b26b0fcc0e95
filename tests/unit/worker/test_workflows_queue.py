"""The workflows queue as the worker takes from it: SQS, against moto, and the queue in memory."""

from asyncio import run as wait
from collections.abc import Sequence
from typing import Any

import pytest

from huntaze_scraper.onlyfans.effects import Effect, Mark
from huntaze_scraper.queues.attributes import ADDED
from huntaze_scraper.queues.limits import IN_FLIGHT_SECONDS
from huntaze_scraper.worker.workflows_queue import SqsWorkflowsQueue, WorkflowsQueue
from tests.unit.aws import aws_client
from tests.unit.hand_clock import HandClock
from tests.unit.worker.doubles import MemoryQueue, job, payload

JOB = job()
EFFECT = Effect(Mark("7", "2025-01-01T00:00:00Z", "Wed, 01 Jan 2025 00:00:05 GMT"), 1_700_000_500.5)


@pytest.fixture
def sqs(aws: None, clock: HandClock) -> SqsWorkflowsQueue:
    client = aws_client("sqs")
    urls = [
        client.create_queue(QueueName=name, Attributes={"FifoQueue": "true", "VisibilityTimeout": "300"})["QueueUrl"]
        for name in ("w.fifo", "dead.fifo")
    ]
    return SqsWorkflowsQueue(client, urls[0], urls[1], 300, clock)


def _send(queue: SqsWorkflowsQueue, number: int, attributes: Sequence[str] = ()) -> None:
    queue._client.send_message(
        QueueUrl=queue._url,
        MessageBody=__import__("json").dumps(payload(user_id=f"fan-{number}")),
        MessageGroupId="creator-1",
        MessageDeduplicationId=f"d-{number}",
        MessageAttributes={each: {"DataType": "String", "StringValue": "v"} for each in attributes},
    )


@pytest.mark.requirement("3.4", "3.5")
def test_a_receive_asks_for_ten_and_waits_for_twenty_seconds(
    sqs: SqsWorkflowsQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The requirement's figures are what SQS is told, and the batch comes in the order sent."""
    asked: dict[str, Any] = {}
    receive = sqs._client.receive_message

    def note(**arguments: Any) -> Any:
        asked.update(arguments)
        return receive(**arguments)

    monkeypatch.setattr(sqs._client, "receive_message", note)
    for number in range(12):
        _send(sqs, number)
    messages = wait(sqs.receive(10))
    assert (asked["MaxNumberOfMessages"], asked["WaitTimeSeconds"]) == (10, 20)
    assert [each.deduplication_id for each in messages] == [f"d-{number}" for number in range(10)]
    assert all(each.job is not None and each.group_id == "creator-1" for each in messages)


def test_messages_are_deleted_and_handed_back(sqs: SqsWorkflowsQueue) -> None:
    """What was deleted is gone; what was handed back comes at once."""
    _send(sqs, 1)
    _send(sqs, 2)
    first, second = wait(sqs.receive(10))
    wait(sqs.delete(first))
    assert wait(sqs.change_visibility([second], 0)) == []
    (again,) = wait(sqs.receive(10))
    assert (again.message_id, again.receive_count) == (second.message_id, 2)


@pytest.mark.parametrize(
    ("theirs", "status", "left_out"),
    [(2, "503", 0), (4, "503", 1), (7, "", 3), (7, "503", 4)],
    ids=str,
)
def test_a_buried_message_tells_why_and_keeps_what_a_replay_cannot_make_anew(
    sqs: SqsWorkflowsQueue, theirs: int, status: str, left_out: int
) -> None:
    """Body, group, the reason, and all of the producer's attributes; of the limiter's and the status what fits into ten."""
    producers = [f"a{number}" for number in range(theirs)]
    _send(sqs, 1, attributes=[*ADDED, *producers])
    (message,) = wait(sqs.receive(1))
    why = {"reason": "bad\x00 words", "error_class": "unknown", "status": status, "result_key": "k"}
    for _ in range(2):
        wait(sqs.bury(message, why))
    (found,) = sqs._client.receive_message(
        QueueUrl=sqs._dlq_url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )["Messages"]
    assert found["Body"] == message.body
    assert found["Attributes"]["MessageGroupId"] == "creator-1"
    texts = {name: each["StringValue"] for name, each in found["MessageAttributes"].items()}
    assert texts.items() >= {"reason": "bad? words", "error_class": "unknown", "result_key": "k"}.items()
    assert texts.keys() >= set(producers)
    wanted = {"reason", "error_class", "result_key", *producers, *ADDED, *(["status"] if status else [])}
    assert len(wanted - texts.keys()) == left_out
    assert ("status" in texts) is (bool(status) and left_out < len(ADDED) + 1)


@pytest.mark.parametrize(
    ("code", "sender_fault", "times", "is_lost", "is_extended"),
    [
        ("InternalError", False, 1, False, True),
        ("InternalError", False, 9, False, False),
        ("RequestThrottled", True, 1, False, True),
        ("ServiceUnavailable", False, 9, False, False),
        ("ReceiptHandleIsInvalid", True, 1, True, False),
        ("MessageNotInflight", False, 1, True, False),
        ("AWS.SimpleQueueService.MessageNotInflight", True, 1, True, False),
        ("InvalidParameterValue", True, 1, True, False),
    ],
)
def test_only_what_sqs_says_is_gone_is_gone(
    sqs: SqsWorkflowsQueue,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    sender_fault: bool,
    times: int,
    is_lost: bool,
    is_extended: bool,
) -> None:
    """A failed entry of any other code is tried again, and else leaves what is known of the visibility as it was."""
    for number in range(2):
        _send(sqs, number)
    first, second = wait(sqs.receive(10))
    until, left = first.invisible_until, [times]
    change = sqs._client.change_message_visibility_batch

    def fail(**arguments: Any) -> Any:
        failing = [each for each in arguments["Entries"] if each["ReceiptHandle"] == first.receipt_handle and left[0]]
        left[0] -= len(failing)
        rest = [each for each in arguments["Entries"] if each not in failing]
        answer = change(**arguments | {"Entries": rest}) if rest else {}
        told = {"Code": code, "SenderFault": sender_fault}
        return {"Successful": answer.get("Successful", []), "Failed": [{"Id": each["Id"], **told} for each in failing]}

    monkeypatch.setattr(sqs._client, "change_message_visibility_batch", fail)
    clock.moment += 100
    assert wait(sqs.change_visibility([first, second], 300)) == ([first] if is_lost else [])
    assert first.invisible_until == (clock.now() + 300 if is_extended else until)
    assert second.invisible_until == clock.now() + 300


def test_no_visibility_reaches_beyond_twelve_hours_from_the_receive(sqs: SqsWorkflowsQueue, clock: HandClock) -> None:
    """SQS refuses more in all; what was spent is taken off."""
    _send(sqs, 1)
    (message,) = wait(sqs.receive(1))
    clock.moment += 3600
    assert message.longest_visibility(clock.now()) < IN_FLIGHT_SECONDS - 3600
    assert wait(sqs.change_visibility([message], 43200)) == []
    assert message.invisible_until < message.received_at + IN_FLIGHT_SECONDS


def test_both_queues_know_what_the_consumer_asks(sqs: SqsWorkflowsQueue, clock: HandClock) -> None:
    """The stand-in is the same shape as the real thing."""
    queues: list[WorkflowsQueue] = [sqs, MemoryQueue(clock)]
    assert len(queues) == 2
