"""Where the scraper's tasks run: private subnets, one way out to the site, endpoints for everything of AWS."""

from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.options import Options


INTERFACE_ENDPOINTS = {
    "Sqs": ec2.InterfaceVpcEndpointAwsService.SQS,
    "SecretsManager": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "CloudWatch": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "EcrApi": ec2.InterfaceVpcEndpointAwsService.ECR,
    "EcrDocker": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
}
GATEWAY_ENDPOINTS = {
    "S3": ec2.GatewayVpcEndpointAwsService.S3,
    "DynamoDb": ec2.GatewayVpcEndpointAwsService.DYNAMODB,
}


class Network(Stack):
    """A VPC of two zones, or the existing one that the options name."""

    vpc: ec2.IVpc

    def __init__(self, scope: Construct, name: str, *, options: Options, **stack: Any) -> None:
        """Make the network, or refer to the one that there is."""
        super().__init__(scope, name, **stack)
        self.vpc = self._existing(options) if options.vpc_id else self._made()

    def _existing(self, options: Options) -> ec2.IVpc:
        return ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=options.vpc_id,
            availability_zones=options.availability_zones.split(","),
            private_subnet_ids=options.private_subnet_ids.split(","),
        )

    def _made(self) -> ec2.IVpc:
        flow_logs = logs.LogGroup(
            self, "FlowLogs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=1,
            # The switch that would close the default security group is a custom resource; nothing uses that group.
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
                ),
                ec2.SubnetConfiguration(
                    name="private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=22
                ),
            ],
            flow_logs={
                "All": ec2.FlowLogOptions(
                    destination=ec2.FlowLogDestination.to_cloud_watch_logs(flow_logs),
                    traffic_type=ec2.FlowLogTrafficType.ALL,
                )
            },
        )
        for name, gateway in GATEWAY_ENDPOINTS.items():
            vpc.add_gateway_endpoint(name, service=gateway)
        for name, service in INTERFACE_ENDPOINTS.items():
            # In the NAT gateway's zone alone: without that zone the site is out of reach, so a second copy
            # would double the largest item of the bill and keep nothing running.
            vpc.add_interface_endpoint(
                name, service=service, subnets=ec2.SubnetSelection(subnets=vpc.private_subnets[:1])
            )
        return vpc
