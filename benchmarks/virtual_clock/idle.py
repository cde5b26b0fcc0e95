"""An hour of virtual time on the whole stack with nothing to do."""

import time
from datetime import UTC, datetime
from typing import Any

from emulator.harness.harness import Harness, Options

HOUR_SECONDS = 3600
STARTING_SPEED = 10
"""The browser's start is real work, which no clock makes faster: its time-outs want a moderate speed."""
SPEED = 75
"""Above 60, at which the hour would be the minute exactly."""
PATIENCE_SECONDS = 60


def measure() -> dict[str, Any]:
    """Return the real seconds that the hour took, and whether the stack was well: its minutes kept, its task alive."""
    with Harness(Options(speed=STARTING_SPEED)) as harness:
        clock = harness.clock
        tasks = _await_healthy(harness)
        clock.set_speed(SPEED)
        begun, begun_real = clock.now(), time.monotonic()
        while (left := begun + HOUR_SECONDS - clock.now()) > 0:
            time.sleep(left / SPEED)
        took, ended = time.monotonic() - begun_real, clock.now()
        clock.set_speed(STARTING_SPEED)
        points = harness.clients.cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": harness.run.workflows_queue_url.rpartition("/")[2]}],
            StartTime=datetime.fromtimestamp(begun, UTC),
            EndTime=datetime.fromtimestamp(ended, UTC),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return {
            "real_seconds": took,
            "virtual_seconds": ended - begun,
            "minutes_with_metrics": len(points),
            "tasks_kept": len(tasks & _tasks(harness).keys()),
            "tasks": len(tasks),
        }


def _tasks(harness: Harness) -> dict[str, str]:
    """Return the health of each task of the service, by its ARN."""
    ecs, cluster = harness.clients.ecs, harness.run.ecs_cluster
    arns = ecs.list_tasks(cluster=cluster, serviceName=harness.run.ecs_service)["taskArns"]
    found = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    return {task["taskArn"]: task.get("healthStatus", "UNKNOWN") for task in found}


def _await_healthy(harness: Harness) -> set[str]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while set((tasks := _tasks(harness)).values()) != {"HEALTHY"}:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the scraper is not healthy after {PATIENCE_SECONDS} s: {tasks}")
        time.sleep(0.1)
    return set(tasks)
