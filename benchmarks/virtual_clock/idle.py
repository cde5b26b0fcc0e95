"""Hours of virtual time on the whole stack with nothing to do."""

import time
from datetime import UTC, datetime
from typing import Any

from localprocs.vclock import AUTO, Clock

from emulator.harness.harness import Harness, Options

HOUR_SECONDS = 3600
PATIENCE_SECONDS = 60
LOUDEST = 12


def measure(hours: float = 1) -> dict[str, Any]:
    """Return the real seconds that the hours took, whose moments time went to, and whether the stack was well."""
    with Harness(Options(speed=AUTO)) as harness:
        clock = harness.clock
        assert isinstance(clock, Clock)
        tasks = _await_healthy(harness)
        begun, begun_real, before = clock.now(), time.monotonic(), clock.wakes()
        clock.advance(hours * HOUR_SECONDS)
        took, ended, after = time.monotonic() - begun_real, clock.now(), clock.wakes()
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
            "wakes_an_hour": {
                name: (count - before.get(name, 0)) / hours for name, count in list(after.items())[:LOUDEST]
            },
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
