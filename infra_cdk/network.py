"""Where the scraper's tasks run: private subnets, one way out to the site, endpoints for everything of AWS."""

from typing import Any

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.options import Options
from infra_cdk.permissions import allow

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
CIDR = "10.0.0.0/16"
HTTPS = ec2.Port.tcp(443)


def existing_vpc(scope: Construct, options: Options) -> ec2.IVpc:
    """Refer to the VPC that the options name, without looking anything up."""
    return ec2.Vpc.from_vpc_attributes(
        scope,
        "Vpc",
        vpc_id=options.vpc_id,
        availability_zones=options.availability_zones.split(","),
        private_subnet_ids=options.private_subnet_ids.split(","),
    )


class Network(Stack):
    """A VPC of two zones: tasks in private subnets, one NAT gateway, endpoints, flow logs."""

    vpc: ec2.Vpc

    def __init__(self, scope: Construct, name: str, **stack: Any) -> None:
        """Make the network."""
        super().__init__(scope, name, **stack)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(CIDR),
            max_azs=2,
            nat_gateways=1,
            # The switch that closes the default security group is a custom resource; nothing here uses that group.
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
                ),
                ec2.SubnetConfiguration(name="private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=22),
            ],
            flow_logs={"All": ec2.FlowLogOptions(destination=self._flow_logs())},
        )
        self._endpoints()

    def _flow_logs(self) -> ec2.FlowLogDestination:
        group = logs.LogGroup(
            self, "FlowLogs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        role = iam.Role(
            self,
            "FlowLogsRole",
            assumed_by=iam.ServicePrincipal(
                "vpc-flow-logs.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            inline_policies={
                "WriteFlowLogs": iam.PolicyDocument(
                    statements=[
                        allow(
                            ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                            group.log_group_arn,
                        )
                    ]
                )
            },
        )
        return ec2.FlowLogDestination.to_cloud_watch_logs(group, role.without_policy_updates())

    def _endpoints(self) -> None:
        for name, gateway in GATEWAY_ENDPOINTS.items():
            self.vpc.add_gateway_endpoint(name, service=gateway)
        group = ec2.SecurityGroup(
            self,
            "Endpoints",
            vpc=self.vpc,
            description="Endpoints of AWS services: HTTPS from within the VPC",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(ec2.Peer.ipv4(CIDR), HTTPS, "from within the VPC")
        # In the NAT gateway's zone alone: without that zone the site is out of reach, so a second copy would
        # double the largest item of the bill and keep nothing running.
        zone = ec2.SubnetSelection(subnets=self.vpc.private_subnets[:1])
        for name, service in INTERFACE_ENDPOINTS.items():
            self.vpc.add_interface_endpoint(name, service=service, subnets=zone, security_groups=[group], open=False)
