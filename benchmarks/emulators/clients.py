"""Clients of SQS that do nothing but call."""

import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

BATCH, BODY = 10, "x" * 200


def operations(url: str, clients: int, seconds: float) -> float:
    """Return how many calls a second are answered, each client with a queue of its own."""
    with ProcessPoolExecutor(clients) as pool:
        return sum(pool.map(_cycle, [url] * clients, range(clients), [seconds] * clients))


def _cycle(url: str, number: int, seconds: float) -> float:
    sqs = sqs_at(url)
    queue = sqs.create_queue(QueueName=f"q{number}-{time.time_ns()}")["QueueUrl"]
    done, begun = 0, time.monotonic()
    while (took := time.monotonic() - begun) < seconds:
        sqs.send_message(QueueUrl=queue, MessageBody=BODY)
        found = sqs.receive_message(QueueUrl=queue)["Messages"]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=found[0]["ReceiptHandle"])
        done += 3
    return done / took


def fill(url: str, messages: int) -> None:
    """Put so many messages on a queue."""
    sqs = sqs_at(url)
    queue = sqs.create_queue(QueueName="many")["QueueUrl"]
    entries = [{"Id": str(number), "MessageBody": BODY} for number in range(BATCH)]
    for _ in range(messages // BATCH):
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)


def sqs_at(url: str) -> Any:
    """Return a client that tries once."""
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=60)
    session: Any = boto3.Session("test", "test", region_name="us-east-1")
    return session.client("sqs", endpoint_url=url, config=config)
