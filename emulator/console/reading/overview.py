"""The whole pipeline now: what each queue holds, which tasks run, which alarms are loud."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from emulator.console.reading import journal
from emulator.console.reading.place import Place
from emulator.harness.clients import http_client

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_COUNTS: "dict[str, QueueAttributeNameType]" = {
    "visible": "ApproximateNumberOfMessages",
    "hidden": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}
HEALTH_SECONDS = 2.0
INVOCATIONS_SECONDS = 300
_pool = ThreadPoolExecutor(8, thread_name_prefix="console-read")


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What a queue holds."""

    name: str
    visible: int
    hidden: int
    delayed: int
    oldest_seconds: float | None = None
    """Age of the oldest message; None where the queue is empty, or only CloudWatch knows it."""

    @property
    def holds(self) -> int:
        """All of it."""
        return self.visible + self.hidden + self.delayed


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task of the service."""

    id: str
    provider: str
    status: str
    health: str
    pages: int | None = None
    """How many jobs it runs now; None where nobody can ask it."""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm and its state."""

    name: str
    state: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Overview:
    """All of it."""

    queues: Mapping[str, Queue]
    tasks: Sequence[Task]
    desired: int
    alarms: Sequence[Alarm]
    invocations: int
    """The limiter's, of the last INVOCATIONS_SECONDS of the cloud's time."""
    events: Sequence[str] = field(default=())
    """The service's last events."""

    @property
    def loud(self) -> list[Alarm]:
        """The alarms in ALARM."""
        return [it for it in self.alarms if it.state == "ALARM"]


def read(place: Place, now: float) -> Overview:
    """Ask for everything, side by side."""
    queues = {name: _pool.submit(_queue, place, name, url, now) for name, url in place.queues.items()}
    service, tasks, alarms = (
        _pool.submit(_service, place),
        _pool.submit(_tasks, place),
        _pool.submit(read_alarms, place),
    )
    invocations = _pool.submit(_invocations, place, now)
    described = service.result()
    return Overview(
        queues={name: it.result() for name, it in queues.items()},
        tasks=tasks.result(),
        desired=int(described["desiredCount"]),
        alarms=alarms.result(),
        invocations=invocations.result(),
        events=[str(it["message"]) for it in described.get("events", [])[:5]],
    )


def _queue(place: Place, name: str, url: str, now: float) -> Queue:
    found = place.target.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS.values()))
    counts = {each: int(found["Attributes"][attribute]) for each, attribute in _COUNTS.items()}
    oldest = None
    if place.run is not None and any(counts.values()):
        letter = journal.oldest(place.run, url)
        oldest = None if letter is None else now - letter.sent
    return Queue(name=name, oldest_seconds=oldest, **counts)


def _invocations(place: Place, now: float) -> int:
    found = place.target.clients.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Dimensions=[{"Name": "FunctionName", "Value": place.target.lambda_function}],
        StartTime=datetime.fromtimestamp(now - INVOCATIONS_SECONDS, UTC),
        EndTime=datetime.fromtimestamp(now + 1, UTC),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return int(sum(it["Sum"] for it in found))


def _service(place: Place) -> Any:
    found = place.target.clients.ecs.describe_services(cluster=place.cluster, services=[place.service])
    return found["services"][0]


def _tasks(place: Place) -> list[Task]:
    ecs = place.target.clients.ecs
    arns = ecs.list_tasks(cluster=place.cluster, serviceName=place.service)["taskArns"]
    if not arns:
        return []
    described = ecs.describe_tasks(cluster=place.cluster, tasks=arns[:100])["tasks"]
    ports = _ports(place)
    tasks = [
        Task(
            id=it["taskArn"].rpartition("/")[2],
            provider=it.get("capacityProviderName", ""),
            status=it["lastStatus"],
            health=it.get("healthStatus", "UNKNOWN"),
            pages=_in_hand(ports.get(it["taskArn"])),
        )
        for it in described
    ]
    return sorted(tasks, key=lambda it: it.id)


def _ports(place: Place) -> dict[str, int | None]:
    if place.run is None:
        return {}
    answer = http_client.get(f"{place.run.aws_endpoint_url}/_emulator/ecs/tasks").raise_for_status()
    return {it["taskArn"]: it["port"] for it in answer.json()}


def _in_hand(port: int | None) -> int | None:
    if port is None:
        return None
    try:
        told = http_client.get(f"http://127.0.0.1:{port}/health", timeout=HEALTH_SECONDS).json()
        return int(told.get("in_hand", 0))
    except (httpx.HTTPError, json.JSONDecodeError, TypeError, ValueError):
        return None


def read_alarms(place: Place) -> list[Alarm]:
    """Return all alarms but those of target tracking, the loud ones first."""
    pages = place.target.clients.cloudwatch.get_paginator("describe_alarms").paginate()
    alarms = [
        Alarm(name=it["AlarmName"], state=it["StateValue"], reason=it.get("StateReason", ""))
        for page in pages
        for it in page["MetricAlarms"]
        if not it["AlarmName"].startswith("TargetTracking-")
    ]
    return sorted(alarms, key=lambda it: (it.state != "ALARM", it.name))
