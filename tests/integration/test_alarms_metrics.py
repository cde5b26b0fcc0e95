"""Metrics as CloudWatch keeps and computes them; plain boto3, so that an AWS account could answer as well."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.integration.minutes import MINUTE, Minutes
from tests.patience import until


@pytest.fixture
def minutes(emulator: Clients, clock: Clock) -> Minutes:
    """Minutes that go by as asked."""
    return Minutes(emulator, clock)


@pytest.fixture
def namespace() -> str:
    """A namespace that no other test publishes in."""
    return f"Test/{uuid4().hex}"


@pytest.fixture
def queue(emulator: Clients) -> Iterator[str]:
    """A standard queue of its own; its URL."""
    url = emulator.sqs.create_queue(QueueName=f"metrics-{uuid4().hex[:12]}")["QueueUrl"]
    yield url
    emulator.sqs.delete_queue(QueueUrl=url)


def figure(emulator: Clients, clock: Clock, url: str, name: str) -> float | None:
    """Return the newest value of a queue's metric."""
    now = datetime.fromtimestamp(clock.now(), UTC)
    found = emulator.cloudwatch.get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName=name,
        Dimensions=[{"Name": "QueueName", "Value": url.rpartition("/")[2]}],
        StartTime=datetime.fromtimestamp(clock.now() - 1800, UTC),
        EndTime=now,
        Period=MINUTE,
        Statistics=["Maximum"],
    )["Datapoints"]
    newest = max(found, key=lambda point: point["Timestamp"], default=None)
    return None if newest is None else newest["Maximum"]


def test_queue_publishes_its_depth_each_minute(emulator: Clients, clock: Clock, queue: str, minutes: Minutes) -> None:
    """What waits, what a consumer has, and what is delayed."""
    for number in range(5):
        emulator.sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    emulator.sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=900)
    emulator.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=2, VisibilityTimeout=43_200)
    expected = {"Visible": 3, "NotVisible": 2, "Delayed": 1}
    minutes.within(
        3,
        lambda: (
            {name: figure(emulator, clock, queue, f"ApproximateNumberOfMessages{name}") for name in expected}
            == expected
        ),
    )


@pytest.mark.requirement("5.1")
def test_age_grows_with_the_oldest_message(emulator: Clients, clock: Clock, queue: str, minutes: Minutes) -> None:
    """Ten minutes after it was sent a message is ten minutes old."""
    emulator.sqs.send_message(QueueUrl=queue, MessageBody="old")
    clock.jump(600)
    minutes.within(3, lambda: (figure(emulator, clock, queue, "ApproximateAgeOfOldestMessage") or 0) >= 600)


@pytest.mark.requirement("5.1")
def test_message_received_three_times_leaves_the_age(
    emulator: Clients, clock: Clock, queue: str, minutes: Minutes
) -> None:
    """A poison pill does not keep the age of its queue up."""
    emulator.sqs.send_message(QueueUrl=queue, MessageBody="poison")
    clock.jump(600)
    minutes.within(3, lambda: (figure(emulator, clock, queue, "ApproximateAgeOfOldestMessage") or 0) >= 600)
    for _ in range(3):
        until(
            lambda: emulator.sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0).get("Messages"),
            what="the message",
        )
    emulator.sqs.send_message(QueueUrl=queue, MessageBody="fresh")
    minutes.within(3, lambda: (figure(emulator, clock, queue, "ApproximateAgeOfOldestMessage") or 0) < 600)


def test_queue_whose_name_begins_anothers_has_metrics_of_its_own(
    emulator: Clients, clock: Clock, queue: str, minutes: Minutes
) -> None:
    """A queue is not its dead-letter queue."""
    longer = emulator.sqs.create_queue(QueueName=queue.rpartition("/")[2] + "-dlq")["QueueUrl"]
    emulator.sqs.send_message(QueueUrl=longer, MessageBody="dead")
    minutes.within(3, lambda: figure(emulator, clock, longer, "ApproximateNumberOfMessagesVisible") == 1)
    assert figure(emulator, clock, queue, "ApproximateNumberOfMessagesVisible") == 0
    emulator.sqs.delete_queue(QueueUrl=longer)


def test_percentile_of_values_and_counts(emulator: Clients, clock: Clock, namespace: str) -> None:
    """Values published with counts weigh as often as they were seen."""
    now = datetime.fromtimestamp(clock.now() // MINUTE * MINUTE, UTC)
    emulator.cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[{"MetricName": "Duration", "Timestamp": now, "Values": [10.0, 500.0], "Counts": [95, 5]}],
    )
    points = emulator.cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName="Duration",
        StartTime=now,
        EndTime=datetime.fromtimestamp(now.timestamp() + MINUTE, UTC),
        Period=MINUTE,
        Statistics=["SampleCount", "Average", "Maximum"],
        ExtendedStatistics=["p90", "p99"],
    )["Datapoints"]
    assert [(point["SampleCount"], point["Average"], point["Maximum"]) for point in points] == [(100, 34.5, 500)]
    assert points[0]["ExtendedStatistics"] == {"p90": 10.0, "p99": 500.0}


def test_metric_math_answers_dashboards(emulator: Clients, clock: Clock, namespace: str) -> None:
    """An error rate per minute, and what a minute without calls gives."""
    begin = clock.now() // MINUTE * MINUTE - 3 * MINUTE
    for minute, (calls, errors) in enumerate([(10, 1), (0, 0), (20, 10)]):
        at = datetime.fromtimestamp(begin + minute * MINUTE, UTC)
        emulator.cloudwatch.put_metric_data(
            Namespace=namespace,
            MetricData=[
                {"MetricName": name, "Timestamp": at, "Value": float(value)}
                for name, value in (("Calls", calls), ("Errors", errors))
            ],
        )

    def metric(query_id: str, name: str) -> dict[str, Any]:
        stat = {"Metric": {"Namespace": namespace, "MetricName": name}, "Period": MINUTE, "Stat": "Sum"}
        return {"Id": query_id, "MetricStat": stat, "ReturnData": False}

    results = emulator.cloudwatch.get_metric_data(
        MetricDataQueries=[
            metric("calls", "Calls"),  # type: ignore[list-item]
            metric("errors", "Errors"),  # type: ignore[list-item]
            {"Id": "rate", "Expression": "100 * errors / calls", "Label": "error rate"},
            {"Id": "known", "Expression": "IF(calls > 0, 100 * errors / calls, 0)"},
            {"Id": "total", "Expression": "SUM(METRICS())"},
        ],
        StartTime=datetime.fromtimestamp(begin, UTC),
        EndTime=datetime.fromtimestamp(begin + 3 * MINUTE, UTC),
        ScanBy="TimestampAscending",
    )["MetricDataResults"]
    assert {result["Id"]: result["Values"] for result in results} == {
        "rate": [10.0, 50.0],
        "known": [10.0, 0.0, 50.0],
        "total": [11.0, 0.0, 30.0],
    }
    assert results[0]["Label"] == "error rate"
