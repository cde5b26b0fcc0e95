"""AWS::IAM, whose policies LocalStack does not update in place."""

import json
from typing import Any

from localprocs.cloudformation.resource_type import Call, Properties, ResourceType


def _create_role(call: Call) -> Properties:
    name = call.properties.setdefault("RoleName", call.generated_name(64))
    arguments = {key: value for key, value in call.properties.items() if key not in ("Policies", "ManagedPolicyArns")}
    trust = json.dumps(call.properties["AssumeRolePolicyDocument"])
    role = call.client("iam").create_role(**{**arguments, "AssumeRolePolicyDocument": trust})["Role"]
    _set_policies(call, name)
    return {"RoleName": name, "Arn": role["Arn"], "RoleId": role["RoleId"]}


def _update_role(call: Call) -> Properties:
    iam, name = call.client("iam"), call.before["RoleName"]
    if call.changed("AssumeRolePolicyDocument"):
        trust = json.dumps(call.properties["AssumeRolePolicyDocument"])
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    if call.changed("Description", "MaxSessionDuration"):
        kept = {key: call.properties[key] for key in ("Description", "MaxSessionDuration") if key in call.properties}
        iam.update_role(RoleName=name, **kept)
    if call.changed("Tags"):
        if old := [tag["Key"] for tag in call.before.get("Tags", [])]:
            iam.untag_role(RoleName=name, TagKeys=old)
        if new := call.properties.get("Tags"):
            iam.tag_role(RoleName=name, Tags=new)
    _set_policies(call, name)
    return {}


def _set_policies(call: Call, role: str) -> None:
    iam = call.client("iam")
    wanted = {policy["PolicyName"]: _text(policy["PolicyDocument"]) for policy in call.properties.get("Policies", [])}
    for policy in call.before.get("Policies", []):
        if policy["PolicyName"] not in wanted:
            iam.delete_role_policy(RoleName=role, PolicyName=policy["PolicyName"])
    for policy_name, document in wanted.items():
        iam.put_role_policy(RoleName=role, PolicyName=policy_name, PolicyDocument=document)
    attached = set(call.properties.get("ManagedPolicyArns", []))
    for arn in set(call.before.get("ManagedPolicyArns", [])) - attached:
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for arn in attached - set(call.before.get("ManagedPolicyArns", [])):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def _delete_role(call: Call) -> None:
    iam, name = call.client("iam"), call.properties["RoleName"]
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for policy_name in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy_name)
    iam.delete_role(RoleName=name)


HOLDERS = {"Roles": ("role", "RoleName"), "Users": ("user", "UserName"), "Groups": ("group", "GroupName")}
"""Who can hold a policy: the property that lists them, and the API's words for one."""


def _put_policy(call: Call) -> Properties:
    iam, policy = call.client("iam"), call.properties["PolicyName"]
    for holders, (kind, argument) in HOLDERS.items():
        wanted = call.properties.get(holders, [])
        for name in wanted:
            put = getattr(iam, f"put_{kind}_policy")
            put(**{argument: name}, PolicyName=policy, PolicyDocument=_text(call.properties["PolicyDocument"]))
        for name in set(call.before.get(holders, [])) - set(wanted):
            getattr(iam, f"delete_{kind}_policy")(**{argument: name}, PolicyName=policy)
    return {"Id": call.before.get("Id") or call.generated_name(64)}


def _delete_policy(call: Call) -> None:
    iam = call.client("iam")
    for holders, (kind, argument) in HOLDERS.items():
        for name in call.properties.get(holders, []):
            getattr(iam, f"delete_{kind}_policy")(**{argument: name}, PolicyName=call.properties["PolicyName"])


def _create_managed(call: Call) -> Properties:
    name = call.properties.setdefault("ManagedPolicyName", call.generated_name(128))
    kept = {key: call.properties[key] for key in ("Description", "Path") if key in call.properties}
    document = _text(call.properties["PolicyDocument"])
    made = call.client("iam").create_policy(PolicyName=name, PolicyDocument=document, **kept)["Policy"]
    _attach(call, made["Arn"])
    return {"PolicyArn": made["Arn"]}


def _update_managed(call: Call) -> Properties:
    iam, arn = call.client("iam"), call.before["PolicyArn"]
    if call.changed("PolicyDocument"):
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        document = _text(call.properties["PolicyDocument"])
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
    _attach(call, arn)
    return {}


def _attach(call: Call, arn: str) -> None:
    iam = call.client("iam")
    for holders, (kind, argument) in HOLDERS.items():
        wanted, before = set(call.properties.get(holders, [])), set(call.before.get(holders, []))
        for name in wanted - before:
            getattr(iam, f"attach_{kind}_policy")(**{argument: name}, PolicyArn=arn)
        for name in before - wanted:
            getattr(iam, f"detach_{kind}_policy")(**{argument: name}, PolicyArn=arn)


def _delete_managed(call: Call) -> None:
    iam, arn = call.client("iam"), call.properties["PolicyArn"]
    _attach(Call(call.request, {}, call.properties), arn)
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps({"Version": "2012-10-17", **document})


TYPES = [
    ResourceType(
        "AWS::IAM::Role",
        "RoleName",
        _create_role,
        _delete_role,
        _update_role,
        replaced_by=("RoleName", "Path"),
        attributes=("Arn", "RoleId"),
    ),
    ResourceType("AWS::IAM::Policy", "Id", _put_policy, _delete_policy, _put_policy, replaced_by=("PolicyName",)),
    ResourceType(
        "AWS::IAM::ManagedPolicy",
        "PolicyArn",
        _create_managed,
        _delete_managed,
        _update_managed,
        replaced_by=("ManagedPolicyName", "Path", "Description"),
        attributes=("ManagedPolicyName",),
    ),
]
