"""AWS::ECS."""

import time
from typing import Any

from localprocs.cloudformation.api_type import api_type
from localprocs.cloudformation.resource_type import Call, Properties, ResourceType

STEADY_SECONDS = 60.0
"""How long a stack waits, in real seconds, for a service's tasks to run; AWS waits up to three hours."""

LIVED_SECONDS = 5.0
"""How long a task without a health check must have run, on the clock, so that one that fails at once is seen to."""

TASK_DEFINITION_PROPERTIES = (
    "ContainerDefinitions", "Cpu", "EnableFaultInjection", "EphemeralStorage", "ExecutionRoleArn", "Family",
    "InferenceAccelerators", "IpcMode", "Memory", "NetworkMode", "PidMode", "PlacementConstraints",
    "ProxyConfiguration", "RequiresCompatibilities", "RuntimePlatform", "TaskRoleArn", "Volumes",
)  # fmt: skip


class DeploymentFailed(Exception):
    """The service's new tasks do not stay up."""


def _create_service(call: Call) -> Properties:
    call.properties.setdefault("ServiceName", call.generated_name())
    service = call.client("ecs").create_service(**call.properties)["service"]
    return {"ServiceArn": service["serviceArn"], "Name": service["serviceName"]}


def _update_service(call: Call) -> Properties:
    arn = call.before["ServiceArn"]
    arguments = {key: value for key, value in call.properties.items() if key not in ("ServiceName", "LoadBalancers")}
    if not call.changed("DesiredCount"):
        # The template did not change it, so what scaling has made of it stays.
        arguments.pop("DesiredCount", None)
    call.client("ecs").update_service(**arguments, service=arn)
    return {"ServiceArn": arn, "Name": call.before["Name"]}


def _runs(call: Call) -> bool:
    """Whether the newest deployment's tasks run, and are not about to end: one without a health check has run a while."""
    service = _describe(call)
    newest: dict[str, Any] = next(each for each in service["deployments"] if each["status"] == "PRIMARY")
    if newest.get("rolloutState") == "FAILED" or newest["taskDefinition"].split("/")[-1] != _wanted(call):
        raise DeploymentFailed(newest.get("rolloutStateReason", "the deployment was rolled back"))
    if newest["runningCount"] < newest["desiredCount"]:
        return False
    return not newest["desiredCount"] or _is_checked(call) or _have_lived(call, newest)


def _is_checked(call: Call) -> bool:
    definition = call.client("ecs").describe_task_definition(taskDefinition=call.properties["TaskDefinition"])
    return any("healthCheck" in each for each in definition["taskDefinition"]["containerDefinitions"])


def _have_lived(call: Call, deployment: dict[str, Any]) -> bool:
    client, cluster = call.client("ecs"), _cluster(call)
    arns = client.list_tasks(cluster=cluster, serviceName=call.properties["Name"])["taskArns"]
    tasks = client.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    own = [task for task in tasks if task.get("startedBy") == deployment["id"]]
    lived = [task for task in own if "startedAt" in task and time.time() - _epoch(task["startedAt"]) >= LIVED_SECONDS]
    return len(lived) >= deployment["desiredCount"]


def _epoch(moment: Any) -> float:
    return float(moment.timestamp() if hasattr(moment, "timestamp") else moment)


def _describe(call: Call) -> Any:
    arn = call.properties["ServiceArn"]
    return call.client("ecs").describe_services(cluster=_cluster(call), services=[arn])["services"][0]


def _cluster(call: Call) -> str:
    return str(call.properties.get("Cluster", "default"))


def _wanted(call: Call) -> str:
    return str(call.properties["TaskDefinition"]).split("/")[-1]


def _delete_service(call: Call) -> None:
    call.client("ecs").delete_service(cluster=_cluster(call), service=call.properties["ServiceArn"], force=True)


def _is_drained(call: Call) -> bool:
    """Whether its last task has stopped, so that its cluster can go."""
    return bool(_describe(call)["status"] == "INACTIVE")


TYPES = [
    api_type(
        "AWS::ECS::Cluster",
        "ecs",
        reference="ClusterName",
        create="create_cluster",
        update="update_cluster",
        delete="delete_cluster",
        key={"cluster": "ClusterName"},
        named="ClusterName",
        arguments={"settings": "ClusterSettings"},
        attributes={"Arn": "cluster.clusterArn"},
        replaced_by=("ClusterName",),
    ),
    api_type(
        "AWS::ECS::TaskDefinition",
        "ecs",
        reference="TaskDefinitionArn",
        create="register_task_definition",
        delete="deregister_task_definition",
        key={"taskDefinition": "TaskDefinitionArn"},
        named="Family",
        attributes={"TaskDefinitionArn": "taskDefinition.taskDefinitionArn"},
        replaced_by=TASK_DEFINITION_PROPERTIES,
    ),
    ResourceType(
        "AWS::ECS::Service",
        "ServiceArn",
        _create_service,
        _delete_service,
        _update_service,
        replaced_by=("ServiceName", "Cluster", "LaunchType", "SchedulingStrategy", "DeploymentController", "Role"),
        attributes=("Name", "ServiceName"),
        is_settled=_runs,
        is_gone=_is_drained,
        patience_seconds=STEADY_SECONDS,
    ),
]


def _associate(call: Call) -> Properties:
    call.client("ecs").put_cluster_capacity_providers(**call.properties)
    return {}


def _dissociate(call: Call) -> None:
    call.client("ecs").put_cluster_capacity_providers(
        cluster=call.properties["Cluster"], capacityProviders=[], defaultCapacityProviderStrategy=[]
    )


TYPES.append(
    ResourceType(
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "Cluster",
        _associate,
        _dissociate,
        _associate,
        replaced_by=("Cluster",),
    )
)
