"""Services and their deployments: plain data, changed only under the fleet's lock."""

from collections import deque
from dataclasses import dataclass, field
from uuid import uuid4

from localprocs.ecs.model import Cluster, Json, Place, TaskDefinition

EVENTS_KEPT = 100


@dataclass
class Deployment:
    """One step of a service: a task definition on its way in (PRIMARY) or out (ACTIVE)."""

    definition: TaskDefinition
    desired: int
    created_at: float
    strategy: list[Json]
    launch_type: str | None
    network: Json | None
    platform_version: str
    updated_at: float = 0.0
    number: str = field(default_factory=lambda: str(uuid4().int)[:19])
    rollout_state: str = "IN_PROGRESS"
    rollout_reason: str = ""
    failed_tasks: int = 0
    short_lives: int = 0
    failed_starts: int = 0
    not_before: float = 0.0

    def __post_init__(self) -> None:
        """Begin."""
        self.updated_at = self.updated_at or self.created_at
        self.rollout_reason = self.rollout_reason or f"ECS deployment {self.id} in progress."

    @property
    def id(self) -> str:
        """Its id, which its tasks carry as startedBy."""
        return f"ecs-svc/{self.number}"


@dataclass
class Service:
    """A number of tasks to be kept running."""

    place: Place
    cluster: Cluster
    name: str
    request: Json
    desired: int
    created_at: float
    deployments: list[Deployment]
    minimum_percent: int = 100
    maximum_percent: int = 200
    breaker: Json = field(default_factory=lambda: {"enable": False, "rollback": False})
    tags: list[Json] = field(default_factory=list)
    status: str = "ACTIVE"
    created_by: str = ""
    is_steady: bool = False
    events: "deque[Json]" = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.place.arn(f"service/{self.cluster.name}/{self.name}")

    @property
    def group(self) -> str:
        """The group of its tasks."""
        return f"service:{self.name}"

    @property
    def primary(self) -> Deployment:
        """The deployment that is coming in."""
        return self.deployments[0]

    def tell(self, text: str, now: float) -> None:
        """Add an event to those that DescribeServices shows, newest first."""
        self.events.appendleft({"id": str(uuid4()), "createdAt": now, "message": f"(service {self.name}) {text}"})
