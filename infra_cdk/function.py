"""A Lambda function of ours: its log group, its role, its code from a bundle."""

from pathlib import Path
from typing import cast

from aws_cdk import CfnResource, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.acknowledged import NO_RESOURCE, acknowledge
from infra_cdk.permissions import allow, role

MEMORY_MIB = 256


class Function(Construct):
    """Runs a bundle on Python 3.13 and ARM64, with a role that may do what the statements say and write its log."""

    function: lambda_.Function

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        function_name: str,
        handler: str,
        bundle: Path,
        timeout: Duration,
        environment: dict[str, str],
        statements: list[iam.PolicyStatement],
    ) -> None:
        """Make the function and what belongs to it."""
        super().__init__(scope, name)
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{function_name}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        write_log = allow(["logs:CreateLogStream", "logs:PutLogEvents"], log_group.log_group_arn)
        self.role = role(self, "Role", "lambda", [*statements, write_log])
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=function_name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=handler,
            code=lambda_.Code.from_asset(str(bundle)),
            timeout=timeout,
            memory_size=MEMORY_MIB,
            environment=environment,
            role=self.role,
            log_group=log_group,
        )
        # The CDK says twice that the function comes after its role.
        resource = cast("CfnResource", self.function.node.default_child)
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3005"]}})
        acknowledge(
            self.function,
            {"L1": "Python 3.13 is what the package is locked to and tested on; AWS supports it until 2029"},
        )
        acknowledge(self.role, {"IAM5[Resource::*]": NO_RESOURCE})
