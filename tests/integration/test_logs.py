"""CloudWatch Logs: patterns and queries find what they mean, and what is not understood is refused."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.harness.clients import Clients
from emulator.harness.harness import Harness
from tests.lambda_scene import Scene
from tests.patience import until

LINES = [{"level": "ERROR", "took": 30}, {"level": "INFO", "took": 10}, {"level": "ERROR", "took": 50}]


@pytest.fixture
def group(emulator: Clients, harness: Harness) -> Iterator[str]:
    """A group with a stream of three lines."""
    name = f"logs-{uuid4().hex[:8]}"
    emulator.logs.create_log_group(logGroupName=name)
    emulator.logs.create_log_stream(logGroupName=name, logStreamName="s")
    put(emulator, name, harness.clock.now(), *LINES)
    yield name
    emulator.logs.delete_log_group(logGroupName=name)


def put(emulator: Clients, group: str, now: float, *lines: dict[str, Any]) -> None:
    """Log lines as JSON."""
    events = [{"timestamp": int(now * 1000), "message": json.dumps(line)} for line in lines]
    emulator.logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("", 3), ("ERROR", 2), ("-ERROR", 1), ('{ $.took > 20 && $.level = "E*" }', 2), ("{ $.took = 10 }", 1)],
)
def test_a_filter_pattern_finds_what_it_means(emulator: Clients, group: str, pattern: str, found: int) -> None:
    """Terms and expressions on JSON."""
    answer = emulator.logs.filter_log_events(logGroupName=group, filterPattern=pattern)
    assert len(answer["events"]) == found


def test_a_query_is_answered(emulator: Clients, harness: Harness, group: str) -> None:
    """Filter, stats, sort and limit, in what the API answers."""
    query = "filter took >= 10 | stats count(*) as lines, avg(took) as mean by level | sort lines desc | limit 1"
    now = int(harness.clock.now())
    begun = emulator.logs.start_query(logGroupName=group, startTime=now - 3600, endTime=now + 60, queryString=query)
    answer = emulator.logs.get_query_results(queryId=begun["queryId"])
    assert answer["status"] == "Complete"
    assert [{it["field"]: it["value"] for it in row} for row in answer["results"]] == [
        {"level": "ERROR", "lines": "2", "mean": "40"}
    ]
    assert answer["statistics"]["recordsScanned"] == len(LINES)


def test_what_is_not_understood_is_refused(emulator: Clients, harness: Harness, group: str) -> None:
    """A pattern, a query, an old answer, a batch that is too large: never an empty success."""
    logs, now = emulator.logs, int(harness.clock.now())
    with pytest.raises(ClientError, match=r"InvalidParameterException.*Invalid filter pattern"):
        logs.filter_log_events(logGroupName=group, filterPattern="{ $.took = }")
    with pytest.raises(ClientError, match=r"MalformedQueryException.*pattern: it is not emulated"):
        logs.start_query(logGroupName=group, startTime=now, endTime=now, queryString="pattern @message")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.get_query_results(queryId="none")
    with pytest.raises(ClientError, match="Upload too large"):
        put(emulator, group, now, {"long": "x" * 1_048_576})


def test_a_metric_filter_makes_a_metric(emulator: Clients, harness: Harness, group: str) -> None:
    """Of the events that it means, with their value; one put again takes the place of the one before."""
    for value in ("1", "$.took"):
        made = {"metricName": "took", "metricNamespace": group, "metricValue": value}
        emulator.logs.put_metric_filter(
            logGroupName=group,
            filterName="errors",
            filterPattern='{ $.level = "ERROR" }',
            metricTransformations=[made],  # type: ignore[list-item]
        )
    now = harness.clock.now()
    put(emulator, group, now, *LINES)

    found = emulator.cloudwatch.get_metric_statistics(
        Namespace=group,
        MetricName="took",
        StartTime=now - 600,
        EndTime=now + 600,
        Period=86_400,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    assert [(it["Sum"], it["SampleCount"]) for it in found] == [(80, 2)]
    (told,) = emulator.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert told["metricFilterCount"] == 1


def test_a_subscription_gets_what_its_own_pattern_means(emulator: Clients, harness: Harness, group: str) -> None:
    """Two filters of one group do not disturb each other."""
    scene = Scene(emulator)
    queue = scene.queue()
    scene.allow(["sqs:SendMessage", "logs:*"])
    code = """
        import base64, gzip, json, os, boto3
        def handler(event, context):
            told = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
            lines = [json.loads(each["message"])["took"] for each in told["logEvents"]]
            body = json.dumps([told["subscriptionFilters"], lines])
            boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=body)
        """
    function = scene.function(code, Environment={"Variables": {"QUEUE": queue}})
    arn = emulator.lambda_.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    for name, pattern in (("slow", "{ $.took > 40 }"), ("errors", "ERROR")):
        emulator.logs.put_subscription_filter(
            logGroupName=group, filterName=name, filterPattern=pattern, destinationArn=arn
        )
    put(emulator, group, harness.clock.now(), *LINES)

    told: list[Any] = []

    def have_both_come() -> bool:
        received = emulator.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        told.extend(json.loads(message["Body"]) for message in received.get("Messages", []))
        return len(told) == 2

    until(have_both_come, what="what both filters send")
    assert sorted(told) == [[["errors"], [30, 50]], [["slow"], [50]]]
    scene.clear()
