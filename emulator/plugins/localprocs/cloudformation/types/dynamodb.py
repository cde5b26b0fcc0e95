"""AWS::DynamoDB."""

from typing import Any

from localprocs.cloudformation.resource_type import Call, Properties, ResourceType

MADE_WITH = (
    "TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
    "LocalSecondaryIndexes", "GlobalSecondaryIndexes", "TableClass", "Tags",
)  # fmt: skip


def _create(call: Call) -> Properties:
    wanted = call.properties
    client = call.client("dynamodb")
    name = wanted.setdefault("TableName", call.generated_name())
    table = client.create_table(**{key: wanted[key] for key in MADE_WITH if key in wanted}, **_switches(wanted))
    _set_aside(call, client)
    description = table["TableDescription"]
    return {"TableName": name, "Arn": description["TableArn"], "StreamArn": description.get("LatestStreamArn")}


def _update(call: Call) -> Properties:
    client = call.client("dynamodb")
    switches = _switches(call.properties)
    if call.changed("BillingMode", "ProvisionedThroughput", "AttributeDefinitions", "TableClass") or (
        switches != _switches(call.before)
    ):
        kept = ("TableName", "BillingMode", "ProvisionedThroughput", "AttributeDefinitions", "TableClass")
        arguments = {key: call.properties[key] for key in kept if key in call.properties}
        client.update_table(**arguments, **switches)
    _set_aside(call, client)
    if call.changed("Tags"):
        arn = call.before["Arn"]
        if old := [tag["Key"] for tag in call.before.get("Tags", [])]:
            client.untag_resource(ResourceArn=arn, TagKeys=old)
        if new := call.properties.get("Tags"):
            client.tag_resource(ResourceArn=arn, Tags=new)
    return {}


def _switches(wanted: Properties) -> dict[str, Any]:
    switches: dict[str, Any] = {}
    if "DeletionProtectionEnabled" in wanted:
        switches["DeletionProtectionEnabled"] = wanted["DeletionProtectionEnabled"]
    if sse := wanted.get("SSESpecification"):
        switches["SSESpecification"] = {
            "Enabled": sse["SSEEnabled"],
            **{key: sse[key] for key in ("SSEType", "KMSMasterKeyId") if key in sse},
        }
    if stream := wanted.get("StreamSpecification"):
        switches["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}
    return switches


def _set_aside(call: Call, client: Any) -> None:
    """Set what is no argument of CreateTable."""
    name = call.properties["TableName"]
    if call.changed("TimeToLiveSpecification"):
        wanted = call.properties.get("TimeToLiveSpecification")
        off = {**call.before.get("TimeToLiveSpecification", {}), "Enabled": False}
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted or off)
    if call.changed("PointInTimeRecoverySpecification"):
        wanted = call.properties.get("PointInTimeRecoverySpecification") or {"PointInTimeRecoveryEnabled": False}
        client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted)


def _delete(call: Call) -> None:
    call.client("dynamodb").delete_table(TableName=call.properties["TableName"])


TYPES = [
    ResourceType(
        "AWS::DynamoDB::Table",
        "TableName",
        _create,
        _delete,
        _update,
        replaced_by=("TableName", "KeySchema"),
        attributes=("Arn", "StreamArn"),
    ),
]
