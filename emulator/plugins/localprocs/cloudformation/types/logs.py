"""AWS::Logs."""

import json

from localprocs.cloudformation.api_type import api_type, tag_map
from localprocs.cloudformation.resource_type import Call, Properties, ResourceType


def _create(call: Call) -> Properties:
    name = call.properties.setdefault("LogGroupName", call.generated_name())
    more = {"kmsKeyId": call.properties.get("KmsKeyId"), "tags": tag_map(call.properties)}
    call.client("logs").create_log_group(logGroupName=name, **{key: value for key, value in more.items() if value})
    _set_retention(call)
    return {"LogGroupName": name, "Arn": f"arn:aws:logs:{call.region}:{call.account}:log-group:{name}:*"}


def _update(call: Call) -> Properties:
    logs, arn = call.client("logs"), call.before["Arn"].removesuffix(":*")
    _set_retention(call)
    if call.changed("KmsKeyId"):
        if key := call.properties.get("KmsKeyId"):
            logs.associate_kms_key(logGroupName=call.before["LogGroupName"], kmsKeyId=key)
        else:
            logs.disassociate_kms_key(logGroupName=call.before["LogGroupName"])
    if call.changed("Tags"):
        if old := tag_map(call.before):
            logs.untag_resource(resourceArn=arn, tagKeys=list(old))
        if new := tag_map(call.properties):
            logs.tag_resource(resourceArn=arn, tags=new)
    return {}


def _set_retention(call: Call) -> None:
    if not call.changed("RetentionInDays"):
        return
    logs, name = call.client("logs"), call.properties["LogGroupName"]
    if days := call.properties.get("RetentionInDays"):
        logs.put_retention_policy(logGroupName=name, retentionInDays=int(days))
    else:
        logs.delete_retention_policy(logGroupName=name)


def _delete(call: Call) -> None:
    call.client("logs").delete_log_group(logGroupName=call.properties["LogGroupName"])


def _policy_text(properties: Properties) -> str:
    policy = properties["PolicyDocument"]
    return policy if isinstance(policy, str) else json.dumps(policy)


TYPES = [
    ResourceType(
        "AWS::Logs::LogGroup",
        "LogGroupName",
        _create,
        _delete,
        _update,
        replaced_by=("LogGroupName", "LogGroupClass"),
        attributes=("Arn",),
    ),
    api_type(
        "AWS::Logs::MetricFilter",
        "logs",
        reference="FilterName",
        create="put_metric_filter",
        update="put_metric_filter",
        delete="delete_metric_filter",
        key={"logGroupName": "LogGroupName", "filterName": "FilterName"},
        named="FilterName",
        replaced_by=("FilterName", "LogGroupName"),
    ),
    api_type(
        "AWS::Logs::ResourcePolicy",
        "logs",
        reference="PolicyName",
        create="put_resource_policy",
        update="put_resource_policy",
        delete="delete_resource_policy",
        key={"policyName": "PolicyName"},
        arguments={"policyDocument": _policy_text},
        replaced_by=("PolicyName",),
    ),
]
