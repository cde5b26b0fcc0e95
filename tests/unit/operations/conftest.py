"""A pipeline's queues and table in moto, with a limiter that only gives places."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from huntaze_scraper import jobs
from huntaze_scraper.operations.clients import Clients
from huntaze_scraper.operations.target import Target
from huntaze_scraper.state.keys import Kind
from tests.unit.aws import aws_clients, moto_aws

GROUP = "creator-01"

LINE_TABLE = "line"


def message(number: int, creator: str = GROUP) -> dict[str, Any]:
    """Return a valid job."""
    return {
        "action": "send_message",
        "creator_id": creator,
        "user_id": "fan-001",
        "message_content": f"message {number}",
        "timestamp": "2026-01-01T00:00:00Z",
    }


def texts(attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return message attributes of text."""
    return {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value}


class Pipeline:
    """What a test puts in and looks at."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.sqs = target.clients.sqs
        self.dynamodb = target.clients.dynamodb
        self.taken: list[dict[str, Any]] = []
        """What the limiter found on the ingress queue, in order."""
        self._places = 0

    def die(self, payload: dict[str, Any], error_class: str = "server_error", **attributes: str) -> str:
        """Put a job on the workflows DLQ as the scraper does; return its id."""
        body = json.dumps(payload)
        job = jobs.parse(body)
        told = {"error_class": error_class, "reason": "the site failed", "rate_limiter_version": "1", **attributes}
        self.sqs.send_message(
            QueueUrl=self.target.workflows_dlq_url,
            MessageBody=body,
            MessageGroupId=job.group_id,
            MessageDeduplicationId=f"{job.job_id}{time.monotonic_ns()}",
            MessageAttributes=texts(told),
        )
        return job.job_id

    def set_aside(self, body: str, **attributes: str) -> None:
        """Put a message on the ingress DLQ."""
        self.sqs.send_message(
            QueueUrl=self.target.ingress_dlq_url, MessageBody=body, MessageAttributes=texts(attributes)
        )

    def put(self, key: str, **numbers_or_texts: str | int) -> None:
        """Write an item of the state table."""
        item: dict[str, Any] = {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in numbers_or_texts.items()
        }
        self.dynamodb.put_item(TableName=self.target.state_table, Item={"pk": {"S": key}, **item})

    def depth(self, url: str) -> int:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    def texts(self) -> list[str]:
        return [json.loads(it["Body"])["message_content"] for it in self.taken]

    def take(self) -> None:
        """Give every message of the ingress queue its place, as the limiter does."""
        answer = self.sqs.receive_message(
            QueueUrl=self.target.ingress_queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        for each in answer.get("Messages", []):
            self.taken.append(dict(each))
            self.sqs.delete_message(QueueUrl=self.target.ingress_queue_url, ReceiptHandle=each["ReceiptHandle"])
            self.place(jobs.parse(each["Body"]).job_id)

    def place(self, job_id: str, **moments: int) -> None:
        """Write a job's place as the limiter does: now, unless told otherwise."""
        self._places += 1
        now = time.time_ns() // 1_000_000
        expires_at = now // 1000 + 1_000_000
        self.put(Kind.SLOT.key(job_id), number=self._places, **{"slot_at": now, "expires_at": expires_at, **moments})


@contextmanager
def emptied() -> Iterator[Pipeline]:
    """Make the queues and the table, empty."""
    with moto_aws():
        yield pipeline_in(aws_clients())


def pipeline_in(clients: Clients) -> Pipeline:
    """Make the queues, the table and what lies beside them in a cloud."""

    def queue(name: str) -> str:
        fifo: Any = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        return clients.sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]

    clients.dynamodb.create_table(
        TableName="state",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    clients.dynamodb.create_table(
        TableName=LINE_TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    clients.s3.create_bucket(Bucket="results")
    for group in ("/aws/lambda/limiter", "/scraper"):
        clients.logs.create_log_group(logGroupName=group)
        clients.logs.create_log_stream(logGroupName=group, logStreamName="one")
    target = Target(
        clients=clients,
        ingress_queue_url=queue("ingress"),
        ingress_dlq_url=queue("ingress-dlq"),
        workflows_queue_url=queue("workflows.fifo"),
        workflows_dlq_url=queue("workflows-dlq.fifo"),
        results_bucket="results",
        state_table="state",
        lambda_function="limiter",
        scraper_logs="/scraper",
    )
    return Pipeline(target)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cloud but moto's, and nobody who waits for it."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr("huntaze_scraper.operations.replay.LOOK_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr("huntaze_scraper.operations.dead_letter_queue.POLL_SECONDS", 0)


@pytest.fixture
def pipeline(local: None) -> Iterator[Pipeline]:
    """The queues and the table, empty."""
    with emptied() as made:
        yield made


@pytest.fixture
def limiter(pipeline: Pipeline) -> Iterator[None]:
    """A limiter that runs beside the test."""
    stop = threading.Event()

    def run(take: Callable[[], None]) -> None:
        while not stop.wait(0.01):
            take()

    thread = threading.Thread(target=run, args=(pipeline.take,))
    thread.start()
    yield
    stop.set()
    thread.join(10)
