"""What the task metadata endpoint, version 4, tells a container."""

from typing import TYPE_CHECKING, Any

from localprocs.ecs.model import Container, Json, Task
from localprocs.ecs.telling import moment, without_none

if TYPE_CHECKING:
    from localprocs.ecs.fleet import Fleet


def tell(fleet: "Fleet", task: Task, container: Container, what: str) -> Any:
    """Answer the path after the container's id: empty, ``task``, ``taskWithTags``, ``stats`` or ``task/stats``."""
    match what.strip("/"):
        case "":
            return of_container(task, container)
        case "task":
            return of_task(task)
        case "taskWithTags":
            return {**of_task(task), "TaskTags": {each["key"]: each.get("value", "") for each in task.tags}}
        case "stats":
            return stats(fleet, task, container)
        case "task/stats":
            return {each.runtime_id: stats(fleet, task, each) for each in task.containers}
    return None


def of_container(task: Task, container: Container) -> Json:
    """Describe a container to itself."""
    definition = container.definition
    log = definition.get("logConfiguration") or {}
    return without_none(
        {
            "DockerId": container.runtime_id,
            "Name": container.name,
            "DockerName": container.name,
            "Image": definition.get("image"),
            "ImageID": "",
            "Labels": {
                "com.amazonaws.ecs.cluster": task.cluster.arn,
                "com.amazonaws.ecs.container-name": container.name,
                "com.amazonaws.ecs.task-arn": task.arn,
                "com.amazonaws.ecs.task-definition-family": task.definition.family,
                "com.amazonaws.ecs.task-definition-version": str(task.definition.revision),
            },
            "DesiredStatus": task.desired_status,
            "KnownStatus": container.last_status,
            "ExitCode": container.exit_code,
            "Limits": {
                "CPU": definition.get("cpu") or 2,
                **({"Memory": definition["memory"]} if definition.get("memory") else {}),
            },
            "CreatedAt": moment(task.created_at),
            "StartedAt": moment(container.started_at),
            "Type": "NORMAL",
            "ContainerARN": container.arn,
            "Health": {"status": container.health} if container.has_health_check else None,
            "LogDriver": log.get("logDriver"),
            "LogOptions": log.get("options"),
            "Ports": [
                {"ContainerPort": each["containerPort"], "HostPort": each["hostPort"], "Protocol": each["protocol"]}
                for each in container.bindings
            ],
            "Networks": [{"NetworkMode": "awsvpc", "IPv4Addresses": ["127.0.0.1"]}],
        }
    )


def of_task(task: Task) -> Json:
    """Describe a task to its containers."""
    return without_none(
        {
            "Cluster": task.cluster.arn,
            "TaskARN": task.arn,
            "Family": task.definition.family,
            "Revision": str(task.definition.revision),
            "ServiceName": task.service_name,
            "DesiredStatus": task.desired_status,
            "KnownStatus": task.last_status,
            "Limits": {"CPU": task.size("cpu") / 1024, "Memory": int(task.size("memory"))},
            "PullStartedAt": moment(task.pull_started_at),
            "PullStoppedAt": moment(task.pull_stopped_at),
            "AvailabilityZone": f"{task.place.region}a",
            "LaunchType": task.launch_type,
            "Containers": [of_container(task, each) for each in task.containers],
        }
    )


def stats(fleet: "Fleet", task: Task, container: Container) -> Json | None:
    """Tell what a container has used, in the two fields of Docker's statistics that tools read; None if it does not run."""
    run = fleet.run_of(task)
    running = run.running(container) if run else None
    if running is None:
        return None
    usage = running.usage()
    return {
        "id": container.runtime_id,
        "name": container.name,
        "read": moment(fleet.now()),
        "cpu_stats": {"cpu_usage": {"total_usage": int(usage.cpu_seconds * 1e9)}, "online_cpus": 1},
        "memory_stats": {"usage": usage.memory_bytes, "limit": int(task.size("memory") * 1024**2)},
    }
