"""What the limiter does to the ingress queue."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from huntaze_scraper.queues.attributes import as_sent, without_reasons
from huntaze_scraper.queues.limits import MAX_DEAD_LETTER_BYTES, MAX_HIDDEN_SECONDS, MAX_MESSAGE_BYTES
from huntaze_scraper.rate_limiter.ingress import CannotSetAside, Ingress
from tests.unit.aws import aws_client, moto_aws
from tests.unit.rate_limiter.records import arrival, text

SILENT = Logger(service="test", level="CRITICAL")


class Visibility:
    """Answers ChangeMessageVisibilityBatch: fails the messages of the given ids, as often as told."""

    def __init__(self, failed: Mapping[str, bool] | None = None, times: int = 1) -> None:
        self.calls: list[list[Any]] = []
        self._failed = dict(failed or {})
        self._times = times

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803
        del QueueUrl
        self.calls.append(Entries)
        if len(self.calls) > self._times:
            return {"Successful": [{"Id": it["Id"]} for it in Entries]}
        failed = [it for it in Entries if _message(it) in self._failed]
        return {
            "Successful": [{"Id": it["Id"]} for it in Entries if it not in failed],
            "Failed": [
                {"Id": it["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": self._failed[_message(it)]}
                for it in failed
            ],
        }


def _message(entry: Any) -> str:
    return str(entry["ReceiptHandle"]).removeprefix("handle of ")


def ingress(client: Any) -> Ingress:
    """The queue behind a client."""
    return Ingress(client, "https://ingress", "https://dlq", SILENT)


@pytest.mark.requirement("1.3")
def test_messages_are_hidden_for_their_own_time_in_batch_calls() -> None:
    """Ten a call, each with its receipt handle."""
    client = Visibility()
    arrivals = [arrival(message_id=f"m{n}") for n in range(12)]

    ingress(client).hide({f"m{n}": 60 + n for n in range(1, 12)}, arrivals)

    assert [len(call) for call in client.calls] == [10, 1]
    assert client.calls[0][0] == {"Id": "0", "ReceiptHandle": "handle of m1", "VisibilityTimeout": 61}


def test_a_wait_of_more_than_twelve_hours_is_taken_in_hops() -> None:
    """SQS counts its 12 h from the receipt, which was a little ago."""
    client = Visibility()

    ingress(client).hide({"message-1": 100_000}, [arrival()])

    assert client.calls[0][0]["VisibilityTimeout"] == MAX_HIDDEN_SECONDS == 43_140


def test_an_entry_that_failed_is_tried_once_more_unless_it_is_to_blame() -> None:
    """A stale receipt handle stays stale."""
    client = Visibility({"m0": True, "m1": False}, times=2)
    arrivals = [arrival(message_id=f"m{n}") for n in range(3)]

    ingress(client).hide({f"m{n}": 60 for n in range(3)}, arrivals)

    assert [[_message(entry) for entry in call] for call in client.calls] == [["m0", "m1", "m2"], ["m1"]]


def test_a_queue_that_does_not_answer_breaks_nothing() -> None:
    """The message comes back when the queue's own visibility timeout ends."""

    class Broken(Visibility):
        def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803
            super().change_message_visibility_batch(QueueUrl=QueueUrl, Entries=Entries)
            raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "ChangeMessageVisibilityBatch")

    client = Broken()

    ingress(client).hide({"message-1": 60}, [arrival()])

    assert len(client.calls) == 2


@pytest.fixture
def sqs(aws: None) -> Iterator[Any]:
    """SQS in moto."""
    del aws
    with moto_aws():
        yield aws_client("sqs")


def set_aside(sqs: Any, **record: Any) -> Any:
    """Set a message aside and return it as it lies in the dead-letter queue."""
    size = {"MaximumMessageSize": str(MAX_DEAD_LETTER_BYTES)}
    url = sqs.create_queue(QueueName="dlq", Attributes=size)["QueueUrl"]
    Ingress(sqs, "https://ingress", url, SILENT).set_aside(
        arrival("{no job", **record), reason="the job is not JSON", error_class="InvalidJob"
    )
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    return message


def test_a_message_is_set_aside_as_it_came_with_the_reason(sqs: Any) -> None:
    """So that an operator sees why, and can send it again."""
    message = set_aside(sqs, attributes={"trace": text("abc"), "rate_limiter_version": text("0")})

    assert message["Body"] == "{no job"
    assert {name: it["StringValue"] for name, it in message["MessageAttributes"].items()} == {
        "trace": "abc",
        "rate_limiter_version": "0",
        "reason": "the job is not JSON",
        "error_class": "InvalidJob",
    }


@pytest.mark.parametrize("count", [8, 9, 10])
def test_the_reason_is_always_there_and_so_is_what_the_producer_gave(sqs: Any, count: int) -> None:
    """Ten in all: what finds no room goes together into one, as does the producer's own reason."""
    given = {"reason": text("a campaign"), **{f"name-{n}": text("x") for n in range(count - 1)}}

    letter = set_aside(sqs, attributes=given)["MessageAttributes"]

    assert letter["reason"]["StringValue"] == "the job is not JSON"
    assert len(letter) == min(count + 2, 10)
    restored = without_reasons(as_sent(letter))
    assert {name: it["StringValue"] for name, it in restored.items()} == {
        name: it["stringValue"] for name, it in given.items()
    }


def test_a_message_that_fills_the_queue_alone_is_set_aside_with_its_reason(sqs: Any) -> None:
    """Nothing of it is cut off: the dead-letter queue takes larger ones."""
    room = MAX_MESSAGE_BYTES - len("{no job") - len("data") - len("String")

    message = set_aside(sqs, attributes={"data": text("x" * room)})

    assert set(message["MessageAttributes"]) == {"data", "reason", "error_class"}


def test_a_dead_letter_queue_that_does_not_take_it_is_told(sqs: Any) -> None:
    """The message must stay where it is."""
    gone = Ingress(sqs, "https://ingress", "https://sqs.us-east-1.amazonaws.com/1/none", SILENT)

    with pytest.raises(CannotSetAside):
        gone.set_aside(arrival(), reason="x", error_class="y")
