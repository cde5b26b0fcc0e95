"""AWS::KMS."""

import json

from localprocs.cloudformation.api_type import api_type
from localprocs.cloudformation.resource_type import Call, Properties, ResourceType


def _create(call: Call) -> Properties:
    wanted = call.properties
    arguments = {key: wanted[key] for key in ("Description", "KeySpec", "KeyUsage", "MultiRegion") if key in wanted}
    if policy := wanted.get("KeyPolicy"):
        arguments["Policy"] = json.dumps(policy)
    made = call.client("kms").create_key(**arguments, Tags=_tags(wanted))["KeyMetadata"]
    _switch(call, made["KeyId"])
    return {"KeyId": made["KeyId"], "Arn": made["Arn"]}


def _update(call: Call) -> Properties:
    kms, key = call.client("kms"), call.before["KeyId"]
    if call.changed("Description"):
        kms.update_key_description(KeyId=key, Description=call.properties.get("Description", ""))
    if call.changed("KeyPolicy"):
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(call.properties["KeyPolicy"]))
    if call.changed("Tags"):
        if old := [tag["TagKey"] for tag in _tags(call.before)]:
            kms.untag_resource(KeyId=key, TagKeys=old)
        kms.tag_resource(KeyId=key, Tags=_tags(call.properties))
    _switch(call, key)
    return {}


def _switch(call: Call, key: str) -> None:
    kms = call.client("kms")
    if call.changed("EnableKeyRotation", "RotationPeriodInDays"):
        if call.properties.get("EnableKeyRotation"):
            days = call.properties.get("RotationPeriodInDays")
            kms.enable_key_rotation(KeyId=key, **({"RotationPeriodInDays": days} if days else {}))
        elif call.before:
            kms.disable_key_rotation(KeyId=key)
    if call.changed("Enabled"):
        (kms.enable_key if call.properties.get("Enabled", True) else kms.disable_key)(KeyId=key)


def _tags(properties: Properties) -> list[dict[str, str]]:
    return [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])]


def _delete(call: Call) -> None:
    days = call.properties.get("PendingWindowInDays", 30)
    call.client("kms").schedule_key_deletion(KeyId=call.properties["KeyId"], PendingWindowInDays=days)


TYPES = [
    ResourceType(
        "AWS::KMS::Key",
        "KeyId",
        _create,
        _delete,
        _update,
        replaced_by=("KeySpec", "KeyUsage", "MultiRegion", "Origin"),
        attributes=("Arn",),
    ),
    api_type(
        "AWS::KMS::Alias",
        "kms",
        reference="AliasName",
        create="create_alias",
        update="update_alias",
        delete="delete_alias",
        key={"AliasName": "AliasName"},
        replaced_by=("AliasName",),
    ),
]
