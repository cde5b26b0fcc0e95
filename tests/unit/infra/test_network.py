"""The VPC, its endpoints, its one way out."""

import pytest

from tests.unit.infra.template import Assembly, text


def _services(assembly: Assembly, kind: str) -> set[str]:
    endpoints = assembly["Network"].properties("AWS::EC2::VPCEndpoint")
    names = (text(it["ServiceName"]) for it in endpoints if it["VpcEndpointType"] == kind)
    return {name.split("${AWS::Region}.")[1] for name in names}


@pytest.mark.requirement("8.4")
def test_what_tasks_ask_of_aws_stays_off_the_internet(assembly: Assembly) -> None:
    """Endpoints for every service that a task or its start calls; the free kind where there is one."""
    assert _services(assembly, "Gateway") == {"s3", "dynamodb"}
    assert _services(assembly, "Interface") == {"sqs", "secretsmanager", "monitoring", "logs", "ecr.api", "ecr.dkr"}


def test_endpoints_answer_under_the_services_own_names(assembly: Assembly) -> None:
    """So that boto3 needs no other address."""
    for endpoint in assembly["Network"].properties("AWS::EC2::VPCEndpoint"):
        assert endpoint["VpcEndpointType"] == "Gateway" or endpoint["PrivateDnsEnabled"] is True


def test_gateway_endpoints_stand_in_every_private_route_table(assembly: Assembly) -> None:
    """Both zones reach S3 and DynamoDB without the NAT gateway."""
    for endpoint in assembly["Network"].properties("AWS::EC2::VPCEndpoint"):
        if endpoint["VpcEndpointType"] == "Gateway":
            assert len([it for it in endpoint["RouteTableIds"] if "private" in text(it)]) == 2


def test_interface_endpoints_stand_in_the_nat_gateways_zone(assembly: Assembly) -> None:
    """One zone: a second copy doubles the bill, and without the NAT's zone the site is out of reach anyway."""
    nat = text(assembly["Network"].only("AWS::EC2::NatGateway")["SubnetId"])
    assert "Subnet1" in nat
    for endpoint in assembly["Network"].properties("AWS::EC2::VPCEndpoint"):
        if endpoint["VpcEndpointType"] == "Interface":
            (subnet,) = endpoint["SubnetIds"]
            assert "privateSubnet1" in text(subnet)


def test_tasks_live_in_private_subnets_of_two_zones_behind_one_nat(assembly: Assembly) -> None:
    """No subnet gives out public addresses."""
    subnets = assembly["Network"].properties("AWS::EC2::Subnet")
    assert len(subnets) == 4
    assert not any(it.get("MapPublicIpOnLaunch") for it in subnets)
    assert {str(it["AvailabilityZone"]) for it in subnets} == {
        str({"Fn::Select": [index, {"Fn::GetAZs": ""}]}) for index in (0, 1)
    }
    service = assembly["Scraper"].only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert service["AssignPublicIp"] == "DISABLED"
    assert all("private" in text(it) for it in service["Subnets"])
    assert len(service["Subnets"]) == 2


def test_all_traffic_is_logged(assembly: Assembly) -> None:
    """Flow logs of the VPC, kept a month."""
    assert assembly["Network"].only("AWS::EC2::FlowLog")["TrafficType"] == "ALL"
    assert assembly["Network"].only("AWS::Logs::LogGroup")["RetentionInDays"] == 30


def test_nothing_reaches_a_task_and_a_task_speaks_https_alone(assembly: Assembly) -> None:
    """The tasks' security group has no way in and one way out."""
    group = assembly["Scraper"].only("AWS::EC2::SecurityGroup")
    assert "SecurityGroupIngress" not in group
    (out,) = group["SecurityGroupEgress"]
    assert (out["IpProtocol"], out["FromPort"], out["ToPort"]) == ("tcp", 443, 443)


def test_endpoints_take_https_from_the_vpc_alone(assembly: Assembly) -> None:
    """Their security group names the VPC's own range."""
    vpc = assembly["Network"].only("AWS::EC2::VPC")
    (way_in,) = assembly["Network"].only("AWS::EC2::SecurityGroup")["SecurityGroupIngress"]
    assert (way_in["FromPort"], way_in["ToPort"], way_in["CidrIp"]) == (443, 443, vpc["CidrBlock"])
