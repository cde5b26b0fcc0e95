"""Spot interruptions, on demand: of one task, or of a share of the Spot tasks chosen from a seed."""

import json
import random
from dataclasses import dataclass
from math import ceil
from typing import Any

from localprocs.ecs.errors import InvalidInterruption
from localprocs.ecs.fleet import Fleet
from localprocs.ecs.model import SPOT, Task

REASON = "Your Spot Task was interrupted."
CODE = "SpotInterruption"
FIELDS = {"task", "share", "seed", "cluster"}


@dataclass(frozen=True)
class Interruption:
    """What to interrupt: ``task`` (ARN or id), or ``share`` (0 to 1) of the Spot tasks, in one cluster or all."""

    task: str | None = None
    share: float | None = None
    seed: int = 0
    cluster: str | None = None


def parse(body: bytes) -> Interruption:
    """Read a request.

    Raises:
        InvalidInterruption: says what is wrong.
    """
    try:
        content: Any = json.loads(body)
    except ValueError:
        raise InvalidInterruption('the body must be JSON: {"task": …} or {"share": 0 to 1, "seed": …}') from None
    if not isinstance(content, dict):
        raise InvalidInterruption("the body must be a JSON object")
    if unknown := content.keys() - FIELDS:
        raise InvalidInterruption(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(FIELDS))}")
    task, share, seed, cluster = (content.get(key) for key in ("task", "share", "seed", "cluster"))
    if (task is None) == (share is None):
        raise InvalidInterruption("give either task or share")
    if task is not None and not isinstance(task, str):
        raise InvalidInterruption("task must be a task's ARN or id")
    if share is not None and (isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1):
        raise InvalidInterruption("share must be a number within 0 and 1")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise InvalidInterruption("seed must be a whole number")
    if cluster is not None and not isinstance(cluster, str):
        raise InvalidInterruption("cluster must be a cluster's name or ARN")
    return Interruption(task, share, seed or 0, cluster)


def interrupt(fleet: Fleet, wanted: Interruption) -> list[str]:
    """Interrupt, and return the ARNs of the tasks concerned.

    Each gets the event and SIGTERM at once, and SIGKILL when its stopTimeout is over; its service replaces it.

    Raises:
        InvalidInterruption: the task named does not run on Spot, or there is no such cluster.
    """
    with fleet.lock:
        _require_cluster(fleet, wanted.cluster)
        running = [task for region in fleet.regions() for task in region.tasks.values() if task.is_wanted]
        spot = [task for task in running if task.capacity_provider == SPOT and _is_in(task, wanted.cluster)]
        chosen = (
            _named(spot, wanted.task) if wanted.task is not None else _share(spot, wanted.share or 0.0, wanted.seed)
        )
        for task in chosen:
            fleet.stop_task(task, CODE, REASON)
        return [task.arn for task in chosen]


def _require_cluster(fleet: Fleet, name: str | None) -> None:
    there = [cluster for region in fleet.regions() for cluster in region.clusters.values()]
    if name is not None and not any(name in (cluster.name, cluster.arn) for cluster in there):
        known = ", ".join(sorted(cluster.name for cluster in there)) or "none"
        raise InvalidInterruption(f"there is no cluster {name}; there are: {known}")


def _is_in(task: Task, cluster: str | None) -> bool:
    return cluster is None or cluster in (task.cluster.name, task.cluster.arn)


def _named(spot: list[Task], name: str) -> list[Task]:
    found = [task for task in spot if name in (task.arn, task.id)]
    if not found:
        raise InvalidInterruption(f"no task {name} runs on {SPOT}")
    return found


def _share(spot: list[Task], share: float, seed: int) -> list[Task]:
    ordered = sorted(spot, key=lambda task: task.sequence)
    chosen = random.Random(seed).sample(ordered, ceil(len(ordered) * share))  # noqa: S311 - repeatable on purpose
    return sorted(chosen, key=lambda task: task.sequence)
