"""Keeps a service's tasks: carries out what the policies decide. Called under the fleet's lock."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from localprocs.ecs import telling
from localprocs.ecs.model import Cluster, Container, Json, Place, Task, TaskDefinition
from localprocs.ecs.policy import backoff, breaker, rollout
from localprocs.ecs.policy.placement import Candidate, Share, next_provider, to_stop
from localprocs.ecs.policy.rollout import READY_AFTER_SECONDS, Change, Group
from localprocs.ecs.region import Region
from localprocs.ecs.service import Deployment, Service

SICK = "Task failed container health checks"
MOST_STEPS = 10


class Fleet(Protocol):
    """What starts and stops tasks, and tells of it."""

    @property
    def now(self) -> Callable[[], float]:
        """Return epoch seconds."""
        ...

    def start_task(
        self,
        cluster: Cluster,
        definition: TaskDefinition,
        *,
        group: str,
        capacity_provider: str | None,
        deployment: Deployment | None = None,
        **settings: Any,
    ) -> Task:
        """Make a task and have it run."""
        ...

    def stop_task(self, task: Task, code: str, reason: str) -> None:
        """Have a task end for a reason."""
        ...

    def publish(self, place: Place, kind: str, resources: Iterable[str], detail: Json) -> None:
        """Tell EventBridge."""
        ...


def reconcile(fleet: Fleet, region: Region, service: Service) -> Iterator[float]:
    """Take the service to where it should be as far as is possible now; yield when to look again."""
    if service.status == "INACTIVE":
        return
    tasks = region.tasks_of_service(service)
    for _ in range(MOST_STEPS):
        _give_up_or_roll_back(fleet, service)
        wanted = [task for task in region.tasks_of_service(service) if task.is_wanted]
        groups = [_group(deployment, wanted, fleet.now()) for deployment in service.deployments]
        changes = rollout.step(service.desired, service.minimum_percent, service.maximum_percent, groups)
        if not _apply(fleet, service, wanted, changes):
            break
    tasks = region.tasks_of_service(service)
    _conclude(fleet, service, tasks)
    yield from _moments(service, tasks, fleet.now())


def note_change(service: Service, task: Task, container: Container | None, fields: dict[str, Any], now: float) -> None:
    """Draw the conclusions of a task's change for its deployment."""
    deployment = _deployment_of(service, task)
    if fields.get("health") == "UNHEALTHY" and task.health == "UNHEALTHY" and task.is_running:
        service.tell(f"(task {task.id}) failed container health checks.", now)
        if deployment:
            deployment.failed_tasks += 1
    elif deployment and container is None and fields.get("last_status") == "RUNNING":
        deployment.failed_starts = 0
    if deployment and is_ready(task, now):
        deployment.failed_tasks = 0


def note_end(service: Service, task: Task, now: float) -> None:
    """Count a task that ended by itself, and set when the next may start."""
    service.is_steady = False
    deployment = _deployment_of(service, task)
    if deployment is None:
        return
    if task.started_at is None:
        deployment.failed_starts += 1
        deployment.failed_tasks += 1
        if deployment.failed_starts == backoff.THROTTLED_AFTER:
            reason = f" Reason: {task.stopped_reason}." if task.stopped_reason else ""
            service.tell(f"is unable to consistently start tasks successfully.{reason}", now)
    else:
        age = now - task.started_at
        deployment.short_lives = deployment.short_lives + 1 if age < backoff.SHORT_LIFE_SECONDS else 0
        if task.health != "UNHEALTHY" and not _has_been_ready(task, age):  # a sick one is counted already
            deployment.failed_tasks += 1
    deployment.not_before = now + backoff.delay_seconds(deployment.failed_starts, deployment.short_lives)


def is_ready(task: Task, now: float) -> bool:
    """Whether the task counts towards the minimum healthy percent."""
    return task.is_running and task.started_at is not None and _has_been_ready(task, now - task.started_at)


def _has_been_ready(task: Task, age: float) -> bool:
    return task.health == "HEALTHY" if task.has_health_check else age >= READY_AFTER_SECONDS


def _deployment_of(service: Service, task: Task) -> Deployment | None:
    return next((each for each in service.deployments if each.id == task.deployment_id), None)


def _group(deployment: Deployment, wanted: list[Task], now: float) -> Group:
    own = [task for task in wanted if task.deployment_id == deployment.id]
    sick = [task for task in own if task.health == "UNHEALTHY"]
    fresh = [task for task in own if task.health != "UNHEALTHY"]
    ready = sum(is_ready(task, now) for task in fresh)
    may_start = deployment.not_before <= now and deployment.rollout_state != "FAILED"
    return Group(
        target=deployment.desired if may_start else min(deployment.desired, len(fresh)),
        starting=len(fresh) - ready,
        ready=ready,
        sick=len(sick),
        protected=sum(task.is_protected(now) for task in fresh),
    )


def _apply(fleet: Fleet, service: Service, wanted: list[Task], changes: list[Change]) -> bool:
    now = fleet.now()
    stopped: list[Task] = []
    started: list[Task] = []
    for index, (deployment, change) in enumerate(zip(service.deployments, changes, strict=True)):
        own = [task for task in wanted if task.deployment_id == deployment.id]
        if index and change.target < deployment.desired and deployment.not_before <= now:
            deployment.desired, deployment.updated_at = change.target, now
        fresh = [task for task in own if task.health != "UNHEALTHY"]
        sick = [task for task in own if task.health == "UNHEALTHY"]
        for task in _chosen(deployment, fresh, change.stop, now):
            fleet.stop_task(
                task, "ServiceSchedulerInitiated", f"Scaling activity initiated by deployment {service.primary.id}"
            )
            stopped.append(task)
        for task in sick[: change.stop_sick]:
            fleet.stop_task(task, "ServiceSchedulerInitiated", SICK)
            stopped.append(task)
        left = [task for task in own if task.is_wanted]
        for _ in range(change.start):
            left.append(_start(fleet, service, deployment, left))
            started.append(left[-1])
    if stopped:
        service.tell(f"has stopped {len(stopped)} running tasks: {_names(stopped)}.", now)
    if started:
        service.tell(f"has started {len(started)} tasks: {_names(started)}.", now)
    if stopped or started:
        service.is_steady = False
    return bool(stopped or started)


def _start(fleet: Fleet, service: Service, deployment: Deployment, own: list[Task]) -> Task:
    counts: dict[str, int] = {}
    for task in own:
        counts[task.capacity_provider or ""] = counts.get(task.capacity_provider or "", 0) + 1
    return fleet.start_task(
        service.cluster,
        deployment.definition,
        group=service.group,
        capacity_provider=next_provider(shares_of(deployment.strategy), counts),
        deployment=deployment,
        network=deployment.network,
        platform_version=deployment.platform_version,
        tags=_propagated(service, deployment),
        enable_execute_command=bool(service.request.get("enableExecuteCommand")),
    )


def shares_of(strategy: list[dict[str, Any]]) -> list[Share]:
    """Read a capacity provider strategy."""
    return [Share(each["capacityProvider"], each.get("weight") or 0, each.get("base") or 0) for each in strategy]


def _chosen(deployment: Deployment, tasks: list[Task], number: int, now: float) -> list[Task]:
    candidates = [
        Candidate(
            task.arn,
            task.capacity_provider,
            task.sequence,
            is_running=task.is_running,
            is_protected=task.is_protected(now),
        )
        for task in tasks
    ]
    keys = to_stop(candidates, number, shares_of(deployment.strategy))
    return [task for task in tasks if task.arn in keys]


def _propagated(service: Service, deployment: Deployment) -> list[dict[str, Any]]:
    source = {"SERVICE": service.tags, "TASK_DEFINITION": deployment.definition.tags}
    tags = list(source.get(service.request.get("propagateTags", "NONE"), []))
    if service.request.get("enableECSManagedTags"):
        tags += [
            {"key": "aws:ecs:clusterName", "value": service.cluster.name},
            {"key": "aws:ecs:serviceName", "value": service.name},
        ]
    return tags


def _give_up_or_roll_back(fleet: Fleet, service: Service) -> None:
    primary, now = service.primary, fleet.now()
    if not service.breaker.get("enable") or primary.rollout_state != "IN_PROGRESS" or service.status != "ACTIVE":
        return
    if not breaker.has_tripped(primary.failed_tasks, service.desired):
        return
    why = "tasks failed to start."
    primary.rollout_state, primary.updated_at = "FAILED", now
    primary.rollout_reason = f"ECS deployment circuit breaker: {why}"
    service.tell(f"(deployment {primary.id}) deployment failed: {why}", now)
    tell_deployment(fleet, service, primary, "SERVICE_DEPLOYMENT_FAILED", "ERROR")
    before = next((each for each in service.deployments[1:] if each.rollout_state == "COMPLETED"), None)
    if before is None or not service.breaker.get("rollback"):
        return
    service.deployments.remove(before)
    service.deployments.insert(0, before)
    before.desired, before.rollout_state, before.updated_at = service.desired, "IN_PROGRESS", now
    before.failed_tasks = 0
    before.rollout_reason = f"ECS deployment circuit breaker: rolling back to deploymentId {before.id}."
    service.tell(f"rolling back to deployment {before.id}.", now)
    tell_deployment(fleet, service, before, "SERVICE_DEPLOYMENT_IN_PROGRESS", "INFO")


def tell_deployment(fleet: Fleet, service: Service, deployment: Deployment, name: str, kind: str) -> None:
    """Publish a deployment's change of state."""
    detail = {
        "eventType": kind,
        "eventName": name,
        "deploymentId": deployment.id,
        "updatedAt": telling.moment(deployment.updated_at),
        "reason": deployment.rollout_reason,
    }
    fleet.publish(service.place, "ECS Deployment State Change", [service.arn], detail)


def _conclude(fleet: Fleet, service: Service, tasks: list[Task]) -> None:
    primary, now = service.primary, fleet.now()
    if service.status == "DRAINING":
        if all(task.last_status == "STOPPED" for task in tasks):
            service.status = "INACTIVE"
        return
    wanted = [task for task in tasks if task.is_wanted]
    own = [task for task in wanted if task.deployment_id == primary.id]
    if len(wanted) != len(own) or len(own) != service.desired or not all(_is_settled(task) for task in own):
        return
    if primary.rollout_state == "IN_PROGRESS":
        service.deployments = [primary]
        primary.rollout_state, primary.updated_at = "COMPLETED", now
        primary.rollout_reason = f"ECS deployment {primary.id} completed."
        service.tell(f"(deployment {primary.id}) deployment completed.", now)
        tell_deployment(fleet, service, primary, "SERVICE_DEPLOYMENT_COMPLETED", "INFO")
    if not service.is_steady:
        service.is_steady = True
        service.tell("has reached a steady state.", now)
        detail = {"eventType": "INFO", "eventName": "SERVICE_STEADY_STATE", "clusterArn": service.cluster.arn}
        fleet.publish(service.place, "ECS Service Action", [service.arn], {**detail, "createdAt": telling.moment(now)})


def _is_settled(task: Task) -> bool:
    return task.is_running and (task.health == "HEALTHY" or not task.has_health_check)


def _moments(service: Service, tasks: list[Task], now: float) -> Iterator[float]:
    for deployment in service.deployments:
        if deployment.not_before > now:
            yield deployment.not_before
    for task in tasks:
        if task.is_wanted and task.is_protected(now) and task.protection:
            yield task.protection.expires_at
        if len(service.deployments) > 1 and task.is_running and task.started_at and not task.has_health_check:
            ready_at = task.started_at + READY_AFTER_SECONDS
            if ready_at > now:
                yield ready_at


def _names(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
