"""The things of ECS: plain data, changed only under the fleet's lock."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

type Json = dict[str, Any]

STOPPED_KEPT_SECONDS = 3600
"""How long AWS shows a stopped task (API DescribeTasks)."""
SPOT = "FARGATE_SPOT"


def new_id() -> str:
    """Return an id as tasks have it: 32 hexadecimal digits."""
    return uuid4().hex


@dataclass(frozen=True)
class Place:
    """An account's region, where names are unique."""

    account: str
    region: str

    def arn(self, resource: str, service: str = "ecs") -> str:
        """Name a resource of this place."""
        partition = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
        found = next((name for prefix, name in partition.items() if self.region.startswith(prefix)), "aws")
        return f"arn:{found}:{service}:{self.region}:{self.account}:{resource}"


@dataclass
class Cluster:
    """A name under which services and tasks stand."""

    place: Place
    name: str
    settings: dict[str, str] = field(default_factory=dict)
    configuration: Json | None = None
    service_connect: Json | None = None
    capacity_providers: list[str] = field(default_factory=list)
    default_strategy: list[Json] = field(default_factory=list)
    tags: list[Json] = field(default_factory=list)
    status: str = "ACTIVE"

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.place.arn(f"cluster/{self.name}")

    @property
    def has_insights(self) -> bool:
        """Whether Container Insights metrics are wanted."""
        return self.settings.get("containerInsights") in ("enabled", "enhanced")


@dataclass
class TaskDefinition:
    """One revision of a family; ``content`` is what RegisterTaskDefinition was given, with defaults filled in."""

    place: Place
    family: str
    revision: int
    content: Json
    registered_at: float
    registered_by: str = ""
    tags: list[Json] = field(default_factory=list)
    status: str = "ACTIVE"
    deregistered_at: float | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.place.arn(f"task-definition/{self.family}:{self.revision}")

    @property
    def containers(self) -> list[Json]:
        """The container definitions."""
        return list(self.content["containerDefinitions"])


@dataclass
class Container:
    """A container of a task, from PENDING to STOPPED."""

    definition: Json
    arn: str
    runtime_id: str
    last_status: str = "PENDING"
    health: str = "UNKNOWN"
    exit_code: int | None = None
    reason: str | None = None
    pid: int | None = None
    bindings: list[Json] = field(default_factory=list)
    started_at: float | None = None

    @property
    def name(self) -> str:
        """Its name in the task definition."""
        return str(self.definition["name"])

    @property
    def is_essential(self) -> bool:
        """Whether the task ends with it."""
        return bool(self.definition.get("essential", True))

    @property
    def has_health_check(self) -> bool:
        """Whether its health is looked at."""
        command = self.definition.get("healthCheck", {}).get("command") or ["NONE"]
        return bool(command[0] != "NONE")


@dataclass
class Protection:
    """A task's protection from scale-in; over at ``expires_at``."""

    expires_at: float


@dataclass
class Task:
    """A running copy of a task definition."""

    place: Place
    cluster: Cluster
    definition: TaskDefinition
    id: str
    sequence: int
    containers: list[Container]
    group: str
    created_at: float
    capacity_provider: str | None
    launch_type: str | None = "FARGATE"
    started_by: str | None = None
    deployment_id: str | None = None
    overrides: Json = field(default_factory=dict)
    tags: list[Json] = field(default_factory=list)
    network: Json | None = None
    platform_version: str = "1.4.0"
    enable_execute_command: bool = False
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    version: int = 1
    stop_code: str | None = None
    stopped_reason: str | None = None
    protection: Protection | None = None
    pull_started_at: float | None = None
    pull_stopped_at: float | None = None
    started_at: float | None = None
    stopping_at: float | None = None
    execution_stopped_at: float | None = None
    stopped_at: float | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.place.arn(f"task/{self.cluster.name}/{self.id}")

    @property
    def service_name(self) -> str | None:
        """The service that it belongs to, if any."""
        return self.group.removeprefix("service:") if self.deployment_id else None

    @property
    def is_wanted(self) -> bool:
        """Whether it is neither stopped nor on its way to be."""
        return self.desired_status == "RUNNING"

    @property
    def is_running(self) -> bool:
        """Whether it counts as RUNNING."""
        return self.last_status == "RUNNING" and self.is_wanted

    @property
    def is_pending(self) -> bool:
        """Whether it counts as PENDING."""
        return self.is_wanted and self.last_status != "RUNNING"

    @property
    def has_health_check(self) -> bool:
        """Whether any essential container's health is looked at."""
        return any(each.has_health_check for each in self.containers if each.is_essential)

    @property
    def health(self) -> str:
        """The health of the essential containers that have a check."""
        seen = {each.health for each in self.containers if each.is_essential and each.has_health_check}
        return next((status for status in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if status in seen), "UNKNOWN")

    def is_protected(self, now: float) -> bool:
        """Whether scale-in and deployments must leave it alone."""
        return self.protection is not None and now < self.protection.expires_at

    def size(self, what: str) -> float:
        """Return the task's ``cpu`` (units) or ``memory`` (MiB): the override's, the definition's or its containers'."""
        given = self.overrides.get(what) or self.definition.content.get(what)
        if given:
            return float(given)
        return float(sum(each.definition.get(what) or 0 for each in self.containers)) or 1024.0


type Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sample:
    """A value of a metric."""

    namespace: str
    name: str
    dimensions: Dimensions
    value: float
    unit: str = "Count"


def running(tasks: Iterable[Task]) -> int:
    """Count those that run."""
    return sum(task.is_running for task in tasks)


def pending(tasks: Iterable[Task]) -> int:
    """Count those that are on their way to run."""
    return sum(task.is_pending for task in tasks)
