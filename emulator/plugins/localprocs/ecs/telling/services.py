"""Services and their deployments."""

from collections.abc import Iterable

from localprocs.ecs.model import Json, Task, pending, running
from localprocs.ecs.service import Deployment, Service
from localprocs.ecs.telling.values import moment, without_none

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
