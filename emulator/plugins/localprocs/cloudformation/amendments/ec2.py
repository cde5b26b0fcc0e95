"""AWS::EC2: tags, and the rules of security groups and endpoints."""

import json
from collections.abc import Callable
from typing import Any

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.resource_type import Call, Properties

IDENTIFIERS = {
    "VPC": "VpcId",
    "Subnet": "SubnetId",
    "RouteTable": "RouteTableId",
    "InternetGateway": "InternetGatewayId",
    "NatGateway": "NatGatewayId",
    "SecurityGroup": "GroupId",
    "VPCEndpoint": "Id",
}
"""Types with tags, and the property that holds the id of one."""


def _retag(identifier: str, more: Callable[[Call], Any] | None = None) -> Callable[[Call], Properties]:
    def update(call: Call) -> Properties:
        ec2, resource = call.client("ec2"), call.before[identifier]
        if call.changed("Tags"):
            if old := call.before.get("Tags"):
                ec2.delete_tags(Resources=[resource], Tags=[{"Key": tag["Key"]} for tag in old])
            if new := call.properties.get("Tags"):
                ec2.create_tags(Resources=[resource], Tags=new)
        if more:
            more(call)
        return {}

    return update


def _vpc(call: Call) -> None:
    ec2, vpc = call.client("ec2"), call.before["VpcId"]
    for switch in ("EnableDnsSupport", "EnableDnsHostnames"):
        if call.changed(switch) and switch in call.properties:
            ec2.modify_vpc_attribute(VpcId=vpc, **{switch: {"Value": call.properties[switch]}})


def _subnet(call: Call) -> None:
    if call.changed("MapPublicIpOnLaunch"):
        value = {"Value": call.properties.get("MapPublicIpOnLaunch", False)}
        call.client("ec2").modify_subnet_attribute(SubnetId=call.before["SubnetId"], MapPublicIpOnLaunch=value)


def _security_group(call: Call) -> None:
    ec2, group = call.client("ec2"), call.before["GroupId"]
    for direction in ("Ingress", "Egress"):
        name = f"SecurityGroup{direction}"
        if not call.changed(name):
            continue
        if old := call.before.get(name):
            revoke = getattr(ec2, f"revoke_security_group_{direction.lower()}")
            revoke(GroupId=group, IpPermissions=[permission(rule) for rule in old])
        if new := call.properties.get(name):
            authorize = getattr(ec2, f"authorize_security_group_{direction.lower()}")
            authorize(GroupId=group, IpPermissions=[permission(rule) for rule in new])


def permission(rule: Properties) -> Properties:
    """Write a rule of a template as EC2's API takes it."""
    written: Properties = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in rule}
    note = {"Description": rule["Description"]} if "Description" in rule else {}
    if cidr := rule.get("CidrIp"):
        written["IpRanges"] = [{"CidrIp": cidr, **note}]
    if cidr := rule.get("CidrIpv6"):
        written["Ipv6Ranges"] = [{"CidrIpv6": cidr, **note}]
    if group := rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId"):
        written["UserIdGroupPairs"] = [{"GroupId": group, **note}]
    if prefix_list := rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId"):
        written["PrefixListIds"] = [{"PrefixListId": prefix_list, **note}]
    return written


def _endpoint(call: Call) -> None:
    changes: Properties = {}
    for name in ("RouteTableIds", "SubnetIds", "SecurityGroupIds"):
        wanted, before = set(call.properties.get(name, [])), set(call.before.get(name, []))
        if wanted - before:
            changes[f"Add{name}"] = sorted(wanted - before)
        if before - wanted:
            changes[f"Remove{name}"] = sorted(before - wanted)
    if call.changed("PrivateDnsEnabled"):
        changes["PrivateDnsEnabled"] = bool(call.properties.get("PrivateDnsEnabled"))
    if call.changed("PolicyDocument") and (policy := call.properties.get("PolicyDocument")):
        changes["PolicyDocument"] = policy if isinstance(policy, str) else json.dumps(policy)
    if changes:
        call.client("ec2").modify_vpc_endpoint(VpcEndpointId=call.before["Id"], **changes)


MORE = {"VPC": _vpc, "Subnet": _subnet, "SecurityGroup": _security_group, "VPCEndpoint": _endpoint}

AMENDMENTS = [
    Amendment(f"AWS::EC2::{kind}", _retag(identifier, MORE.get(kind))) for kind, identifier in IDENTIFIERS.items()
]
