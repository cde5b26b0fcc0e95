"""Tasks and their containers, as DescribeTasks and events tell them."""

from localprocs.ecs.model import Container, Json, Task, TaskDefinition
from localprocs.ecs.telling.values import moment, without_none

ADDRESS = "127.0.0.1"
"""Where every task really is: it has no interface of its own."""


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


def _architecture(definition: TaskDefinition) -> str:
    return str((definition.content.get("runtimePlatform") or {}).get("cpuArchitecture", "X86_64")).lower()
