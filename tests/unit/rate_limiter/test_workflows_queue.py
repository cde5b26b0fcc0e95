"""The way to the workflows queue (plan task 1.4)."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from huntaze_scraper.clock import SystemClock
from huntaze_scraper.jobs import canonical_json
from huntaze_scraper.rate_limiter import VERSION
from huntaze_scraper.rate_limiter.workflows_queue import Forward, Sent, send_to_workflows_queue
from tests.unit.aws import aws_client, moto_aws
from tests.unit.rate_limiter.records import arrival, payload, text

NOW = 1_700_000_000.25


class FixedClock(SystemClock):
    """Stands, or goes on by a step a reading."""

    def __init__(self, step: float = 0.0) -> None:
        self.moment = NOW
        self.step = step

    def now(self) -> float:
        self.moment += self.step
        return self.moment - self.step


def forward(content: str = "Hello", tokens_remaining: int = 4, creator: str = "", **record: Any) -> Forward:
    """A message that has its token, of a creator of its own unless told."""
    it = arrival(payload(message_content=content, creator_id=creator or f"creator-{content}"), **record)
    return Forward(it, it.job(), tokens_remaining)


class Queue:
    """A FIFO queue in moto, and what arrives there."""

    def __init__(self) -> None:
        self.client: Any = aws_client("sqs")
        self.url = self.client.create_queue(QueueName="workflows.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        self.calls: list[Mapping[str, Any]] = []
        self.client.meta.events.register(
            "provide-client-params.sqs.SendMessageBatch", lambda params, **_: self.calls.append(params)
        )

    def send(self, *forwards: Forward, clock: FixedClock | None = None, start_until: float = NOW + 5) -> Sent:
        return send_to_workflows_queue(
            self.client, self.url, forwards, clock=clock or FixedClock(), start_until=start_until
        )

    def received(self) -> list[Any]:
        answer = self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        )
        return list(answer.get("Messages", []))

    def answer_with(self, answer: Any, call: int = 1) -> None:
        """Let the given call fail with an error, or change its answer."""
        count = 0

        def change(parsed: dict[str, Any], **_: Any) -> None:
            nonlocal count
            count += 1
            if count != call:
                return
            if isinstance(answer, Exception):
                raise answer
            parsed.update(answer)

        self.client.meta.events.register("after-call.sqs.SendMessageBatch", change)


@pytest.fixture
def queue(aws: None) -> Iterator[Queue]:
    """The workflows queue."""
    del aws
    with moto_aws():
        yield Queue()


@pytest.mark.requirement("1.2", "2.3")
def test_a_valid_message_arrives_as_it_was(queue: Queue) -> None:
    """Body to the letter, attributes to the byte."""
    body = (
        '{"action":"scrape_profile", "user_id":"f-1","timestamp":"2025-01-01T00:00:00Z",\n "profile_url":"\\u00e9 é"}'
    )
    blob = {"dataType": "Binary", "binaryValue": base64.b64encode(b"\x00\x01").decode()}
    it = arrival(body, attributes={"trace": text("abc"), "blob": blob})

    sent = queue.send(Forward(it, it.job(), 9))

    [message] = queue.received()
    assert sent == Sent(frozenset({it.job().job_id}), {}, {})
    assert message["Body"] == body
    assert message["MessageAttributes"]["trace"] == {"DataType": "String", "StringValue": "abc"}
    assert message["MessageAttributes"]["blob"] == {"DataType": "Binary", "BinaryValue": b"\x00\x01"}


@pytest.mark.requirement("1.2", "2.1")
@pytest.mark.parametrize(
    ("identities", "group"),
    [({"creator_id": "c-1", "user_id": "u-1"}, "c-1"), ({"creator_id": "c-1"}, "c-1"), ({"user_id": "u-1"}, "u-1")],
)
def test_the_group_is_the_creator_or_else_the_user(queue: Queue, identities: dict[str, str], group: str) -> None:
    """One account's jobs run one after another."""
    content = {"action": "scrape_profile", "timestamp": "2025-01-01T00:00:00Z", "profile_url": "p", **identities}
    it = arrival(content)

    queue.send(Forward(it, it.job(), 1))

    [message] = queue.received()
    assert message["Attributes"]["MessageGroupId"] == group


@pytest.mark.requirement("2.2")
def test_the_deduplication_id_is_a_sha256_over_the_whole_content(queue: Queue) -> None:
    """Whatever the spelling of the JSON: keys in another order, other spaces."""
    it = arrival(json.dumps(payload(), indent=3, sort_keys=True))

    queue.send(Forward(it, it.job(), 1))

    [message] = queue.received()
    expected = hashlib.sha256(canonical_json(payload()).encode()).hexdigest()
    assert message["Attributes"]["MessageDeduplicationId"] == expected == it.job().job_id


@pytest.mark.requirement("2.2")
def test_only_true_copies_share_a_deduplication_id() -> None:
    """Trap 3: a campaign sends one creator's message to many fans in one second."""
    contents = [
        payload(),
        payload(user_id="another fan".replace(" ", "-")),
        payload(message_content="Hello!"),
        payload(creator_id="another"),
        payload(timestamp="2025-01-01T00:00:01Z"),
        payload(metadata={"campaign_id": "c"}),
    ]

    assert len({arrival(content).job().job_id for content in contents}) == len(contents)
    assert arrival(payload()).job().job_id == arrival(dict(reversed(payload().items()))).job().job_id


@pytest.mark.requirement("2.4")
def test_the_three_attributes_are_added(queue: Queue) -> None:
    """When it went, what was left then, and who let it go; an original of that name gives way."""
    queue.send(forward(tokens_remaining=4, attributes={"tokens_remaining": text("99", "Number")}))

    [message] = queue.received()
    attributes = message["MessageAttributes"]
    assert attributes["tokens_remaining"] == {"DataType": "Number", "StringValue": "4"}
    assert attributes["rate_limiter_version"] == {"DataType": "String", "StringValue": VERSION}
    assert datetime.fromisoformat(attributes["rate_limit_timestamp"]["StringValue"]).timestamp() == NOW
    assert len(attributes) == 3


def test_a_batch_goes_in_one_call_and_in_its_order(queue: Queue) -> None:
    """Ten at most, of ten accounts."""
    forwards = [forward(str(number)) for number in range(12)]

    sent = queue.send(*forwards)

    assert [len(call["Entries"]) for call in queue.calls] == [10, 2]
    assert sent.accepted == {it.job.job_id for it in forwards}
    sequence = [
        json.loads(entry["MessageBody"])["message_content"] for call in queue.calls for entry in call["Entries"]
    ]
    assert sequence == [str(number) for number in range(12)]


def test_large_messages_go_in_as_many_calls_as_their_size_needs(queue: Queue) -> None:
    """A batch must not exceed what one message may have, all entries together."""
    forwards = [forward(str(number), attributes={"data": text("x" * 100_000)}) for number in range(5)]

    sent = queue.send(*forwards)

    assert [len(call["Entries"]) for call in queue.calls] == [2, 2, 1]
    assert len(sent.accepted) == 5


@pytest.mark.requirement("2.5")
def test_each_failed_entry_of_the_answer_is_looked_at(queue: Queue) -> None:
    """A call that succeeded is not a message that did."""
    forwards = [forward(str(number)) for number in range(3)]
    queue.answer_with(
        {
            "Successful": [{"Id": "0"}],
            "Failed": [
                {"Id": "1", "Code": "InternalError", "SenderFault": False},
                {"Id": "2", "Code": "InvalidMessageContents", "SenderFault": True},
            ],
        }
    )

    sent = queue.send(*forwards)

    ids = [it.job.job_id for it in forwards]
    assert sent == Sent(frozenset({ids[0]}), {ids[2]: "InvalidMessageContents"}, {ids[1]: "InternalError"})


@pytest.mark.requirement("2.1", "2.5")
def test_what_fails_keeps_back_what_follows_of_its_account_and_nothing_else(queue: Queue) -> None:
    """Entries of a call fail one by one: in one call with it, a later message would overtake."""
    forwards = [forward(str(number), creator=creator) for number, creator in enumerate("aabba")]
    queue.answer_with({"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]})

    sent = queue.send(*forwards)

    ids = [it.job.job_id for it in forwards]
    assert [len(call["Entries"]) for call in queue.calls] == [1, 1, 1]
    assert sent == Sent(frozenset(ids[2:4]), dict.fromkeys([ids[1], ids[4]], "NotTried"), {ids[0]: "InternalError"})


def client_error(status: int, code: str) -> ClientError:
    """An error that SQS answered with."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "SendMessageBatch")


@pytest.mark.requirement("2.5")
@pytest.mark.parametrize(
    ("error", "is_certain"),
    [
        (client_error(403, "AccessDenied"), True),
        (client_error(400, "AWS.SimpleQueueService.NonExistentQueue"), True),
        (client_error(503, "ServiceUnavailable"), False),
        (ReadTimeoutError(endpoint_url="https://sqs"), False),
        (EndpointConnectionError(endpoint_url="https://sqs"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failed_call_is_told_apart_from_one_whose_end_nobody_knows(
    queue: Queue, error: Exception, is_certain: bool
) -> None:
    """And no later call is made: a group's later message must not overtake."""
    forwards = [forward(str(number)) for number in range(12)]
    queue.answer_with(error)

    sent = queue.send(*forwards)

    ids = [it.job.job_id for it in forwards]
    assert not sent.accepted
    assert len(queue.calls) == 1
    assert set(sent.refused if is_certain else sent.unknown) >= set(ids[:10])
    assert {sent.refused[job_id] for job_id in ids[10:]} == {"NotTried"}


def test_no_call_begins_after_the_lease_allows_it(queue: Queue) -> None:
    """What cannot be on the queue in time is not sent."""
    forwards = [forward(str(number)) for number in range(12)]

    sent = queue.send(*forwards, clock=FixedClock(step=4), start_until=NOW + 3)

    assert len(queue.calls) == 1
    assert len(sent.accepted) == 10
    assert set(sent.refused.values()) == {"NotTried"}
