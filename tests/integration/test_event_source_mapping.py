"""From a queue to a function."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import Clients
from tests.lambda_scene import Scene
from tests.patience import until

TELL = """
    import json, time
    def handler(event, context):
        print(json.dumps({"began": time.time(), "records": event["Records"]}), flush=True)
        bodies = [record["body"] for record in event["Records"]]
        if "raise" in bodies:
            raise ValueError
        if "nonsense" in bodies:
            return {"batchItemFailures": [{"itemIdentifier": "no such message"}]}
        if "slow" in bodies:
            time.sleep(30)
        print("done", flush=True)
        failed = [record["messageId"] for record in event["Records"] if record["body"] == "fail"]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
"""
REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def told_by(scene: Scene, function: str) -> list[Any]:
    """Return what each invocation told, in order."""
    return [json.loads(line) for line in scene.log(function) if line.startswith('{"began"')]


@pytest.fixture
def scene(emulator: Clients) -> Iterator[Scene]:
    """A role of its own, and what the test makes of it."""
    made = Scene(emulator)
    yield made
    made.clear()


def test_a_message_reaches_the_function_at_once_and_whole(scene: Scene, clock: Clock) -> None:
    """Body letter for letter, attributes as Lambda writes them, and no wait for a poll's end."""
    function, queue = scene.function(TELL), scene.queue()
    scene.map(queue, function, **REPORTS)
    scene.emulator.sqs.send_message(QueueUrl=queue, MessageBody="warm up")
    scene.logged(function, "done")
    body = '{ "spaces" : "kept", "é": "\\u00e9" }'

    clock.pause()
    scene.emulator.sqs.send_message(
        QueueUrl=queue, MessageBody=body, MessageAttributes={"kind": {"DataType": "String", "StringValue": "x"}}
    )
    clock.until(lambda: scene.logged_now(function, "done", 2), within=5, each=0.1, what="the invocation")

    told = told_by(scene, function)
    (record,) = told[-1]["records"]
    assert record["body"] == body
    assert record["messageAttributes"]["kind"]["stringValue"] == "x"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"SentTimestamp", "ApproximateFirstReceiveTimestamp"} <= set(record["attributes"])
    assert told[-1]["began"] - int(record["attributes"]["SentTimestamp"]) / 1000 < 6
    clock.resume()
    until(lambda: scene.depth(queue) == (0, 0), what="an empty queue")


def test_only_the_reported_messages_come_back(scene: Scene) -> None:
    """After their visibility, with a higher receive count."""
    function, queue = scene.function(TELL, Timeout=10), scene.queue(VisibilityTimeout="60")
    entries = [{"Id": str(index), "MessageBody": body} for index, body in enumerate(["ok", "fail", "ok"])]
    scene.emulator.sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    scene.map(queue, function, **REPORTS)

    until(lambda: scene.depth(queue) == (0, 1), what="one message left")
    scene.logged(function, '"ApproximateReceiveCount": "2"')


@pytest.mark.parametrize("body", ["raise", "nonsense"])
def test_an_error_or_a_wrong_answer_fails_the_whole_batch(scene: Scene, clock: Clock, body: str) -> None:
    """Nothing is deleted that the function did not clearly succeed with."""
    function, queue = scene.function(TELL, Timeout=10), scene.queue(VisibilityTimeout="900")
    entries = [{"Id": str(index), "MessageBody": each} for index, each in enumerate(["ok", body])]
    scene.emulator.sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    scene.map(queue, function, **REPORTS)

    scene.logged(function, "REPORT RequestId")
    clock.jump(900)

    def came_back() -> bool:
        records = [record for told in told_by(scene, function) for record in told["records"]]
        again = [it["body"] for it in records if it["attributes"]["ApproximateReceiveCount"] == "2"]
        return sorted(again) == sorted(["ok", body])

    until(came_back, what="both messages coming back")


def test_no_more_batches_run_at_once_than_maximum_concurrency(scene: Scene, clock: Clock) -> None:
    """What there is no room for stays in the queue, and is not received for nothing."""
    function, queue = scene.function(TELL), scene.queue(VisibilityTimeout="600")
    for _ in range(5):
        scene.emulator.sqs.send_message(QueueUrl=queue, MessageBody="slow")
    clock.pause()
    scene.map(queue, function, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2}, **REPORTS)
    clock.until(lambda: scene.logged_now(function, '"slow"', 2), within=25, each=1, what="two invocations")

    assert scene.depth(queue) == (3, 2)
    clock.resume()
    scene.logged(function, "done", 5)
    assert not [line for line in scene.log(function) if '"ApproximateReceiveCount": "2"' in line]


def test_a_throttled_batch_waits_for_room_and_then_goes_back(scene: Scene, clock: Clock) -> None:
    """It is tried for as long as its visibility lasts; throttles are counted."""
    function, queue = scene.function(TELL, Timeout=10), scene.queue(VisibilityTimeout="120")
    scene.emulator.lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    clock.pause()
    scene.map(queue, function, **REPORTS)
    scene.emulator.sqs.send_message(QueueUrl=queue, MessageBody="ok")
    clock.until(lambda: scene.sum("Throttles", function) >= 2, within=60, each=1, what="throttles")
    before = scene.sum("Throttles", function)
    clock.advance(200)
    assert scene.sum("Throttles", function) > before

    clock.resume()
    scene.emulator.lambda_.delete_function_concurrency(FunctionName=function)
    scene.logged(function, "done")
    (told,) = told_by(scene, function)
    assert int(told["records"][0]["attributes"]["ApproximateReceiveCount"]) >= 2
    until(lambda: scene.depth(queue) == (0, 0), what="an empty queue")


def test_a_mapping_that_waits_is_switched_off_without_a_wait(scene: Scene, clock: Clock) -> None:
    """While the clock stands, its poll of an empty queue ends, and it does."""
    function, queue = scene.function(TELL), scene.queue()
    mapping = scene.map(queue, function, **REPORTS)

    def state() -> str:
        return str(scene.emulator.lambda_.get_event_source_mapping(UUID=mapping)["State"])

    until(lambda: state() == "Enabled", what="the mapping")
    clock.settle()
    clock.pause()
    scene.emulator.lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
    clock.settle()
    assert state() == "Disabled"
    clock.resume()


def test_a_mapping_that_is_switched_off_takes_nothing(scene: Scene) -> None:
    """And takes up again where it left off."""
    function, queue = scene.function(TELL), scene.queue()
    mapping = scene.map(queue, function, Enabled=False, **REPORTS)
    scene.emulator.sqs.send_message(QueueUrl=queue, MessageBody="ok")
    assert scene.emulator.lambda_.get_event_source_mapping(UUID=mapping)["State"] == "Disabled"
    assert scene.depth(queue) == (1, 0)

    scene.emulator.lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
    scene.logged(function, "done")
