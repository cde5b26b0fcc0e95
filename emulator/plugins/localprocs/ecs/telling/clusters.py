"""Clusters and task definitions."""

from collections.abc import Iterable

from localprocs.ecs.model import Cluster, Json, Task, TaskDefinition, pending, running
from localprocs.ecs.service import Service
from localprocs.ecs.telling.values import moment, without_none


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


def _statistics(tasks: list[Task]) -> list[Json]:
    counts = {
        "runningFargateTasksCount": running(tasks),
        "pendingFargateTasksCount": pending(tasks),
    }
    return [{"name": name, "value": str(value)} for name, value in counts.items()]
