"""How the things of ECS are told: as its API describes them, and as its events do."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from localprocs.ecs.model import Cluster, Container, Deployment, Json, Service, Task, TaskDefinition, pending, running

ADDRESS = "127.0.0.1"
"""Where every task really is: it has no interface of its own."""


def moment(seconds: float | None) -> datetime | None:
    """Return a point in time as the API's serialiser takes it."""
    return None if seconds is None else datetime.fromtimestamp(round(seconds, 3), UTC)


def without_none(content: Json) -> Json:
    """Leave out what is not known."""
    return {key: value for key, value in content.items() if value is not None}


def of_container(container: Container, task: Task) -> Json:
    """Describe a container."""
    definition = container.definition
    return without_none(
        {
            "containerArn": container.arn,
            "taskArn": task.arn,
            "name": container.name,
            "image": definition.get("image"),
            "runtimeId": container.runtime_id,
            "lastStatus": container.last_status,
            "exitCode": container.exit_code,
            "reason": container.reason,
            "networkBindings": container.bindings,
            "networkInterfaces": [{"attachmentId": task.id, "privateIpv4Address": ADDRESS}] if task.network else [],
            "healthStatus": container.health,
            "cpu": str(definition.get("cpu", 0)),
            "memory": str(definition["memory"]) if definition.get("memory") else None,
            "memoryReservation": str(definition["memoryReservation"]) if definition.get("memoryReservation") else None,
        }
    )


def of_task(task: Task, *, tags: bool = False) -> Json:
    """Describe a task."""
    content = task.definition.content
    return without_none(
        {
            "attachments": [_interface(task)] if task.network else [],
            "attributes": [{"name": "ecs.cpu-architecture", "value": _architecture(task.definition)}],
            "availabilityZone": f"{task.place.region}a",
            "capacityProviderName": task.capacity_provider,
            "clusterArn": task.cluster.arn,
            "connectivity": "CONNECTED" if task.started_at else None,
            "connectivityAt": moment(task.pull_started_at) if task.started_at else None,
            "containers": [of_container(each, task) for each in task.containers],
            "cpu": f"{task.size('cpu'):.0f}",
            "createdAt": moment(task.created_at),
            "desiredStatus": task.desired_status,
            "enableExecuteCommand": task.enable_execute_command,
            "executionStoppedAt": moment(task.execution_stopped_at),
            "group": task.group,
            "healthStatus": task.health,
            "lastStatus": task.last_status,
            "launchType": task.launch_type,
            "memory": f"{task.size('memory'):.0f}",
            "overrides": {"containerOverrides": [{"name": each.name} for each in task.containers], **task.overrides},
            "platformVersion": task.platform_version,
            "platformFamily": "Linux",
            "pullStartedAt": moment(task.pull_started_at),
            "pullStoppedAt": moment(task.pull_stopped_at),
            "startedAt": moment(task.started_at),
            "startedBy": task.started_by,
            "stopCode": task.stop_code,
            "stoppedAt": moment(task.stopped_at),
            "stoppedReason": task.stopped_reason,
            "stoppingAt": moment(task.stopping_at),
            "tags": task.tags if tags else [],
            "taskArn": task.arn,
            "taskDefinitionArn": task.definition.arn,
            "version": task.version,
            "ephemeralStorage": content.get("ephemeralStorage") or {"sizeInGiB": 20},
        }
    )


def of_deployment(deployment: Deployment, tasks: Iterable[Task], *, is_primary: bool) -> Json:
    """Describe a deployment."""
    own = [task for task in tasks if task.deployment_id == deployment.id]
    return without_none(
        {
            "id": deployment.id,
            "status": "PRIMARY" if is_primary else "ACTIVE",
            "taskDefinition": deployment.definition.arn,
            "desiredCount": deployment.desired,
            "pendingCount": pending(own),
            "runningCount": running(own),
            "failedTasks": deployment.failed_tasks,
            "createdAt": moment(deployment.created_at),
            "updatedAt": moment(deployment.updated_at),
            "capacityProviderStrategy": deployment.strategy or None,
            "launchType": deployment.launch_type,
            "platformVersion": deployment.platform_version,
            "platformFamily": "Linux",
            "networkConfiguration": deployment.network,
            "rolloutState": deployment.rollout_state,
            "rolloutStateReason": deployment.rollout_reason,
        }
    )


COPIED = (
    "loadBalancers",
    "serviceRegistries",
    "roleArn",
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
)
"""Settings of a service that are told as they were given."""


def of_service(service: Service, tasks: Iterable[Task], *, tags: bool = False) -> Json:
    """Describe a service; ``tasks`` are its own."""
    tasks, primary, request = list(tasks), service.primary, service.request
    defaults: Json = {
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "enableECSManagedTags": False,
        "propagateTags": "NONE",
        "enableExecuteCommand": False,
    }
    return without_none(
        {
            **{key: request.get(key, defaults.get(key)) for key in COPIED},
            "serviceArn": service.arn,
            "serviceName": service.name,
            "clusterArn": service.cluster.arn,
            "status": service.status,
            "desiredCount": service.desired,
            "runningCount": running(tasks),
            "pendingCount": pending(tasks),
            "launchType": primary.launch_type,
            "capacityProviderStrategy": primary.strategy or None,
            "platformVersion": primary.platform_version,
            "platformFamily": "Linux",
            "taskDefinition": primary.definition.arn,
            "deploymentConfiguration": {
                **request.get("deploymentConfiguration", {}),
                "deploymentCircuitBreaker": service.breaker,
                "minimumHealthyPercent": service.minimum_percent,
                "maximumPercent": service.maximum_percent,
                "strategy": "ROLLING",
                "bakeTimeInMinutes": 0,
            },
            "deployments": []
            if service.status == "INACTIVE"
            else [of_deployment(each, tasks, is_primary=each is primary) for each in service.deployments],
            "events": [{**each, "createdAt": moment(each["createdAt"])} for each in service.events],
            "createdAt": moment(service.created_at),
            "networkConfiguration": primary.network,
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"},
            "createdBy": service.created_by or None,
            "tags": service.tags if tags else [],
        }
    )


def of_cluster(
    cluster: Cluster, services: Iterable[Service], tasks: Iterable[Task], include: Iterable[str] = ()
) -> Json:
    """Describe a cluster; settings, configuration, statistics and tags where asked for."""
    tasks, include = list(tasks), set(include)
    content: Json = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": running(tasks),
        "pendingTasksCount": pending(tasks),
        "activeServicesCount": sum(service.status == "ACTIVE" for service in services),
        "statistics": _statistics(tasks) if "STATISTICS" in include else [],
        "tags": cluster.tags if "TAGS" in include else [],
        "settings": settings_of(cluster) if "SETTINGS" in include else [],
        "capacityProviders": cluster.capacity_providers,
        "defaultCapacityProviderStrategy": cluster.default_strategy,
    }
    if cluster.configuration and "CONFIGURATIONS" in include:
        content["configuration"] = cluster.configuration
    if cluster.service_connect:
        content["serviceConnectDefaults"] = cluster.service_connect
    return content


def settings_of(cluster: Cluster) -> list[Json]:
    """Return the cluster's settings as the API lists them."""
    return [
        {"name": name, "value": value} for name, value in {"containerInsights": "disabled", **cluster.settings}.items()
    ]


def of_definition(definition: TaskDefinition) -> Json:
    """Describe a task definition."""
    return without_none(
        {
            **definition.content,
            "taskDefinitionArn": definition.arn,
            "revision": definition.revision,
            "status": definition.status,
            "registeredAt": moment(definition.registered_at),
            "deregisteredAt": moment(definition.deregistered_at),
            "registeredBy": definition.registered_by or None,
        }
    )


def as_event(content: Any) -> Any:
    """Write a description as an event's detail: moments as text."""
    if isinstance(content, dict):
        return {key: as_event(value) for key, value in content.items()}
    if isinstance(content, list):
        return [as_event(each) for each in content]
    if isinstance(content, datetime):
        return content.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return content


def _interface(task: Task) -> Json:
    subnets = (task.network or {}).get("awsvpcConfiguration", {}).get("subnets") or [""]
    details = {
        "subnetId": subnets[task.sequence % len(subnets)],
        "networkInterfaceId": f"eni-{task.id[:17]}",
        "privateIPv4Address": ADDRESS,
    }
    return {
        "id": task.id,
        "type": "ElasticNetworkInterface",
        "status": "DELETED" if task.last_status == "STOPPED" else "ATTACHED" if task.pull_started_at else "PRECREATED",
        "details": [{"name": name, "value": value} for name, value in details.items()],
    }


def _statistics(tasks: list[Task]) -> list[Json]:
    counts = {
        "runningFargateTasksCount": running(tasks),
        "pendingFargateTasksCount": pending(tasks),
    }
    return [{"name": name, "value": str(value)} for name, value in counts.items()]


def _architecture(definition: TaskDefinition) -> str:
    return str((definition.content.get("runtimePlatform") or {}).get("cpuArchitecture", "X86_64")).lower()
