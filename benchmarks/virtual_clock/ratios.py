"""What people wait for, on one stack: at ten virtual seconds a real one, then at auto."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from localprocs.vclock import AUTO, Clock, Speed

from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from tests.integration.deep_queue import fill_workflows_queue

FIXED_SPEED = 10.0
LIMIT = 0.5
"""What auto may take of the time at the fixed speed."""
MINUTE = 60
LOOK_SECONDS = 0.1
SCALED_TASKS = 4
"""At least: a task for each hundred, less what the first one has in hand."""
PATIENCE_SECONDS = 900


def twenty_messages(pipeline: Pipeline, _clock: Clock) -> None:
    """Two minutes' worth of messages, sent at once: each one's result."""
    payload = {"action": "send_message", "message_content": uuid4().hex}
    sent = [
        pipeline.send({**payload, "creator_id": f"creator-{1 + number % 4:02}", "user_id": f"fan-{1 + number % 10:03}"})
        for number in range(20)
    ]
    pipeline.await_results(sent, PATIENCE_SECONDS)


def alarm_of_fifteen_minutes(pipeline: Pipeline, clock: Clock) -> None:
    """An alarm that asks for fifteen bad minutes, from their beginning."""
    cloudwatch, name = pipeline.clients.cloudwatch, f"bench-{uuid4().hex[:12]}"
    first = (clock.now() // MINUTE + 1) * MINUTE
    moments = (datetime.fromtimestamp(first + minute * MINUTE, UTC) for minute in range(18))
    data: Any = [{"MetricName": name, "Timestamp": moment, "Value": 1} for moment in moments]
    cloudwatch.put_metric_data(Namespace="Bench", MetricData=data)
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Bench",
        MetricName=name,
        Statistic="Sum",
        Period=MINUTE,
        EvaluationPeriods=15,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    _await(lambda: cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"] == "ALARM")


def scaling_of_500_messages(pipeline: Pipeline, _clock: Clock) -> None:
    """From 500 messages on the workflows queue to the tasks that they ask for, and from an empty queue to one task."""
    fill_workflows_queue(pipeline, 500)
    _await(lambda: (wanted := pipeline.desired_count()) >= SCALED_TASKS and pipeline.running_count() == wanted)
    pipeline.forget()
    _await(lambda: pipeline.desired_count() == 1)


SCENARIOS: dict[str, Callable[[Pipeline, Clock], None]] = {
    "20 messages": twenty_messages,
    "an alarm of 15 minutes": alarm_of_fifteen_minutes,
    "scaling for 500 messages": scaling_of_500_messages,
}


def measure() -> dict[str, Any]:
    """Return each scenario's real seconds at both speeds, and what share auto takes."""
    found: dict[str, Any] = {}
    with Harness(Options(speed=FIXED_SPEED)) as harness:
        pipeline, clock = Pipeline(harness.run), harness.clock
        assert isinstance(clock, Clock)
        for name, scenario in SCENARIOS.items():
            speeds: tuple[Speed, ...] = (FIXED_SPEED, AUTO)
            seconds = []
            for speed in speeds:
                pipeline.forget()
                pipeline.await_health()
                clock.set_speed(speed)
                begun = time.monotonic()
                scenario(pipeline, clock)
                seconds.append(time.monotonic() - begun)
            fixed, auto = seconds
            found[name] = {f"at {FIXED_SPEED:g}": fixed, "at auto": auto, "ratio": auto / fixed, "limit": LIMIT}
    return found


def _await(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE_SECONDS} s")
        time.sleep(LOOK_SECONDS)
