"""Scalable targets, their policies and activities, of one account and region."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from localprocs.autoscaling.decisions import Past, Scaling

MAX_ACTIVITIES = 1000


@dataclass(frozen=True, slots=True)
class TargetKey:
    """What a scalable target is known by."""

    namespace: str
    resource_id: str
    dimension: str

    def __str__(self) -> str:
        """Return it as AWS's errors name it."""
        return (
            f"service namespace: {self.namespace}, resource ID: {self.resource_id}, "
            f"scalable dimension: {self.dimension}"
        )


@dataclass(slots=True)
class Policy:
    """A scaling policy."""

    key: TargetKey
    name: str
    arn: str
    created_at: float
    kind: str
    configuration: dict[str, Any]
    alarm_names: dict[str, str] = field(default_factory=dict)
    """Its own alarms' names: High, Low."""


@dataclass(slots=True)
class Activity:
    """A scaling activity, as DescribeScalingActivities tells it."""

    key: TargetKey
    description: str
    cause: str
    started_at: float
    status: str
    message: str = ""
    wanted: int = 0
    ended_at: float | None = None
    not_scaled: dict[str, Any] | None = None
    activity_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(slots=True)
class Target:
    """A scalable target."""

    key: TargetKey
    arn: str
    created_at: float
    minimum: int
    maximum: int
    role_arn: str
    suspended: dict[str, bool] = field(default_factory=dict)
    past: Past = field(default_factory=Past)
    policies: dict[str, Policy] = field(default_factory=dict)

    def remember(self, scaling: Scaling) -> None:
        """Keep a policy's change for the cooldowns."""
        if scaling.after > scaling.before:
            self.past = Past(scaling, self.past.inward)
        else:
            self.past = Past(self.past.out, scaling)


@dataclass
class Targets:
    """Those of one account and region."""

    account: str
    region: str
    targets: dict[TargetKey, Target] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def policies(self) -> Iterator[Policy]:
        """Return every policy."""
        for target in self.targets.values():
            yield from target.policies.values()

    def record(self, activity: Activity) -> None:
        """Keep an activity, and no endless number of them."""
        with self.lock:
            self.activities.append(activity)
            del self.activities[:-MAX_ACTIVITIES]


_all: dict[tuple[str, str], Targets] = {}
_lock = threading.Lock()


def targets_of(account: str, region: str) -> Targets:
    """Return the account's in the region, made when first asked for."""
    with _lock:
        return _all.setdefault((account, region), Targets(account, region))


def forget_all() -> None:
    """Forget everything."""
    with _lock:
        _all.clear()
