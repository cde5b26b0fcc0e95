"""The function as Lambda calls it, on moto's SQS, DynamoDB and CloudWatch."""

import importlib
import io
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from huntaze_scraper.metric_names import NAMESPACE
from huntaze_scraper.rate_limiter import handler as entry
from huntaze_scraper.settings import InvalidSettings, RateLimiterSettings
from tests.unit.aws import aws_client, moto_aws
from tests.unit.rate_limiter.records import NOT_JSON, payload, record


class Context:
    """What Lambda hands over beside the event."""

    function_name = "huntaze-rate-limiter"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:huntaze-rate-limiter"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class Deployed:
    """The function and what it works with."""

    def __init__(self) -> None:
        self.sqs: Any = aws_client("sqs")
        self.dynamodb: Any = aws_client("dynamodb")
        self.cloudwatch: Any = aws_client("cloudwatch")
        self.ingress = self.sqs.create_queue(QueueName="ingress")["QueueUrl"]
        self.dlq = self.sqs.create_queue(QueueName="dlq")["QueueUrl"]
        fifo = {"FifoQueue": "true"}
        self.workflows = self.sqs.create_queue(QueueName="workflows.fifo", Attributes=fifo)["QueueUrl"]
        self.dynamodb.create_table(
            TableName="state",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.dynamodb.create_table(
            TableName="line",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        self.settings = RateLimiterSettings(
            ingress_queue_url=self.ingress,
            ingress_dlq_url=self.dlq,
            workflows_queue_url=self.workflows,
            state_table="state",
            line_table="line",
        )
        self.function = entry.Function(self.settings)

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.ingress, MessageBody=body)

    def deliver(self) -> list[str]:
        """Do as the event source mapping does, and return the ids that the function reported."""
        received = self.sqs.receive_message(QueueUrl=self.ingress, MaxNumberOfMessages=10, AttributeNames=["All"])
        records = []
        for it in received.get("Messages", []):
            one = record(it["Body"], message_id=it["MessageId"])
            one["receiptHandle"] = it["ReceiptHandle"]
            one["attributes"].update(it["Attributes"])
            records.append(one)
        answer = self.function({"Records": records}, Context())
        return [it["itemIdentifier"] for it in answer["batchItemFailures"]]

    def waiting(self, url: str) -> tuple[int, int]:
        """Return how many messages are visible and how many are not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return int(attributes[names[0]]), int(attributes[names[1]])


@pytest.fixture
def deployed(aws: None) -> Iterator[Deployed]:
    """The limiter with its queues and its table."""
    del aws
    with moto_aws():
        yield Deployed()


def jobs(count: int) -> list[str]:
    """Bodies of distinct valid jobs."""
    return [json.dumps(payload(message_content=str(number))) for number in range(count)]


@pytest.mark.requirement("1.1", "1.2", "1.3", "2.5")
def test_of_twenty_messages_ten_are_forwarded_and_ten_are_reported_and_hidden(deployed: Deployed) -> None:
    """A delayed message stands in batchItemFailures and has its visibility changed: neither alone keeps it."""
    deployed.send(*jobs(20))

    reported = [deployed.deliver() for _ in range(2)]

    assert [len(each) for each in reported] == [0, 10]
    assert deployed.waiting(deployed.workflows)[0] == 10
    assert deployed.waiting(deployed.ingress) == (0, 20)  # the mapping deletes what was not reported


def test_a_batch_in_which_every_message_waits_is_no_error(deployed: Deployed) -> None:
    """Otherwise each burst would look like an outage."""
    deployed.send(*jobs(20))
    deployed.deliver()

    assert len(deployed.deliver()) == 10


@pytest.mark.requirement("5.3")
def test_a_batch_in_which_every_message_failed_is_an_error_of_the_function(deployed: Deployed) -> None:
    """So that the alarm on its errors sees a store that is down, and Lambda polls more slowly."""
    deployed.send(*jobs(3))
    deployed.dynamodb.delete_table(TableName="state")

    with pytest.raises(entry.NothingCouldBeDone, match="ResourceNotFoundException"):
        deployed.deliver()

    assert deployed.waiting(deployed.workflows) == (0, 0)


@pytest.mark.requirement("2.5")
def test_what_failed_beside_what_went_is_reported_alone(deployed: Deployed) -> None:
    """A partial batch response."""
    deployed.send("{no job", *jobs(2))

    def fail(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://dlq")

    ingress: Any = deployed.function._limiter._ingress
    ingress._client.meta.events.register("before-call.sqs.SendMessage", fail)

    assert len(deployed.deliver()) == 1
    assert deployed.waiting(deployed.workflows)[0] == 2


def test_an_invalid_message_lies_in_the_dead_letter_queue_at_once(deployed: Deployed) -> None:
    """And is not reported, so that it leaves the ingress queue."""
    deployed.send("{no job")

    assert deployed.deliver() == []
    [message] = deployed.sqs.receive_message(QueueUrl=deployed.dlq, MessageAttributeNames=["All"])["Messages"]
    assert message["MessageAttributes"]["reason"]["StringValue"] == NOT_JSON


@pytest.mark.requirement("1.5", "5.4")
def test_each_message_is_logged_and_the_batch_is_counted(deployed: Deployed) -> None:
    """JSON lines on stdout, metrics in the one namespace."""
    [stdout] = deployed.function.logger.handlers
    stdout.setStream(written := io.StringIO())
    deployed.send(*jobs(12))
    begun = time.monotonic()
    deployed.deliver()
    deployed.deliver()
    took = time.monotonic() - begun

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    decisions = [line for line in lines if line["message"] == "rate limit decision"]
    metrics = deployed.cloudwatch.list_metrics(Namespace=NAMESPACE)["Metrics"]

    batches = [line for line in lines if line["message"] == "batch"]

    assert [line["allowed"] for line in decisions] == [True] * 10 + [False] * 2
    # The first one looks which scope is in force, and puts its own in force.
    assert [(line["messages"], line["store_calls"]) for line in batches] == [(10, 5), (2, 2)]
    assert (batches[0]["forwarded"], batches[1]["delayed"]) == (10, 2)
    first, second = (line["retry_after"] for line in decisions[10:])
    assert 60 - took < first <= second < 63  # in the minute after the burst
    assert {(it["MetricName"], len(it["Dimensions"])) for it in metrics} == {
        ("rate_limit_allowed_count", 0),
        ("rate_limit_allowed_count", 1),
        ("rate_limit_rejected_count", 0),
        ("rate_limit_rejected_count", 1),
    }


def test_nothing_is_made_before_the_first_event(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing is cheap and needs no environment; a missing variable is told by name then."""
    del aws
    monkeypatch.delenv("STATE_TABLE", raising=False)
    fresh = importlib.reload(entry)

    with pytest.raises(InvalidSettings, match="STATE_TABLE"):
        fresh.handler({"Records": []}, Context())


def test_within_lambda_the_clients_are_made_before_the_first_event(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The init phase has the full CPU; one function serves all events of a process."""
    for name, value in deployed.settings.to_env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "huntaze-rate-limiter")

    fresh = importlib.reload(entry)

    assert fresh._function.cache_info().currsize == 1
    assert fresh.handler({"Records": [record()]}, Context()) == {"batchItemFailures": []}
    assert fresh._function.cache_info().misses == 1
