"""AWS::ECR."""

import json
from typing import Any

from localprocs.cloudformation.resource_type import Call, Properties, ResourceType


def _create(call: Call) -> Properties:
    name = call.properties.setdefault("RepositoryName", call.generated_name().lower())
    made = call.client("ecr").create_repository(**call.properties)["repository"]
    _set_policies(call)
    return {"RepositoryName": name, "Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]}


def _update(call: Call) -> Properties:
    client, name = call.client("ecr"), call.properties["RepositoryName"]
    if call.changed("ImageTagMutability"):
        client.put_image_tag_mutability(
            repositoryName=name, imageTagMutability=call.properties.get("ImageTagMutability", "MUTABLE")
        )
    if call.changed("ImageScanningConfiguration"):
        scanning = call.properties.get("ImageScanningConfiguration", {"ScanOnPush": False})
        client.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration=scanning)
    _set_policies(call)
    return {}


def _set_policies(call: Call) -> None:
    client, which = call.client("ecr"), {"repositoryName": call.properties["RepositoryName"]}
    if call.changed("RepositoryPolicyText"):
        if policy := call.properties.get("RepositoryPolicyText"):
            client.set_repository_policy(**which, policyText=_text(policy))
        else:
            client.delete_repository_policy(**which)
    if call.changed("LifecyclePolicy"):
        if policy := call.properties.get("LifecyclePolicy"):
            client.put_lifecycle_policy(**which, lifecyclePolicyText=policy["LifecyclePolicyText"])
        else:
            client.delete_lifecycle_policy(**which)


def _text(policy: Any) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


def _delete(call: Call) -> None:
    call.client("ecr").delete_repository(
        repositoryName=call.properties["RepositoryName"], force=bool(call.properties.get("EmptyOnDelete"))
    )


TYPES = [
    ResourceType(
        "AWS::ECR::Repository",
        "RepositoryName",
        _create,
        _delete,
        _update,
        replaced_by=("RepositoryName", "EncryptionConfiguration"),
        attributes=("Arn", "RepositoryUri"),
    ),
]
