"""AWS::SecretsManager."""

import json
from typing import Any

from localprocs.cloudformation.api_type import api_type
from localprocs.cloudformation.resource_type import Call, Properties, ResourceType

SERVICE = "secretsmanager"


def _create(call: Call) -> Properties:
    wanted = call.properties
    name = wanted.setdefault("Name", f"{call.request.logical_resource_id}-{call.generated_name()[-12:]}")
    arguments = {key: wanted[key] for key in ("Name", "Description", "KmsKeyId", "Tags") if key in wanted}
    value = _value(call)
    made = call.client(SERVICE).create_secret(**arguments, **({} if value is None else {"SecretString": value}))
    return {"Name": name, "Id": made["ARN"]}


def _update(call: Call) -> Properties:
    secrets, arn = call.client(SERVICE), call.before["Id"]
    changes = {key: call.properties.get(key, "") for key in ("Description", "KmsKeyId") if call.changed(key)}
    if call.changed("SecretString", "GenerateSecretString") and (value := _value(call)) is not None:
        changes["SecretString"] = value
    if changes:
        secrets.update_secret(SecretId=arn, **changes)
    if call.changed("Tags"):
        if old := [tag["Key"] for tag in call.before.get("Tags", [])]:
            secrets.untag_resource(SecretId=arn, TagKeys=old)
        if new := call.properties.get("Tags"):
            secrets.tag_resource(SecretId=arn, Tags=new)
    return {}


def _value(call: Call) -> str | None:
    rules: dict[str, Any] | None = call.properties.get("GenerateSecretString")
    if rules is None:
        return call.properties.get("SecretString")
    template = rules.get("SecretStringTemplate")
    options = {key: value for key, value in rules.items() if key not in ("SecretStringTemplate", "GenerateStringKey")}
    password: str = call.client(SERVICE).get_random_password(**options)["RandomPassword"]
    return json.dumps({**json.loads(template), rules["GenerateStringKey"]: password}) if template else password


def _delete(call: Call) -> None:
    call.client(SERVICE).delete_secret(SecretId=call.properties["Id"], ForceDeleteWithoutRecovery=True)


def _schedule(call: Call) -> Properties:
    wanted = call.properties
    call.client(SERVICE).rotate_secret(
        SecretId=wanted["SecretId"],
        RotateImmediately=wanted.get("RotateImmediatelyOnUpdate", True),
        **{key: wanted[key] for key in ("RotationLambdaARN", "RotationRules") if key in wanted},
    )
    return {"Id": wanted["SecretId"]}


def _unschedule(call: Call) -> None:
    call.client(SERVICE).cancel_rotate_secret(SecretId=call.properties["SecretId"])


TYPES = [
    ResourceType(f"AWS::SecretsManager::{name}", "Id", create, delete, update, replaced, attributes)
    for name, create, delete, update, replaced, attributes in (
        ("Secret", _create, _delete, _update, ("Name",), ("Name",)),
        ("RotationSchedule", _schedule, _unschedule, _schedule, ("SecretId",), ()),
    )
] + [
    api_type(
        "AWS::SecretsManager::ResourcePolicy",
        SERVICE,
        reference="SecretId",
        create="put_resource_policy",
        update="put_resource_policy",
        delete="delete_resource_policy",
        key={"SecretId": "SecretId"},
        arguments={"ResourcePolicy": lambda properties: json.dumps(properties["ResourcePolicy"])},
        replaced_by=("SecretId",),
    ),
]
