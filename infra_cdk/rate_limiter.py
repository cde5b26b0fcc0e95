"""The limiter: a function between ingress and workflows queue, at the rate that the site allows."""

from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from huntaze_scraper.settings import RateLimiterSettings
from infra_cdk.permissions import allow, items, publish_metrics, use_key
from infra_cdk.queues import Queues

FUNCTION_NAME = "huntaze-rate-limiter"
HANDLER = "huntaze_scraper.rate_limiter.handler.handler"
TIMEOUT = Duration.seconds(30)
BATCH_SIZE = 10
MAX_CONCURRENCY = 2


class RateLimiter(Stack):
    """The function, its event source mapping, its role and its log group."""

    function: lambda_.IFunction
    log_group: logs.ILogGroup

    def __init__(self, scope: Construct, name: str, *, queues: Queues, bundle: Path, **stack: Any) -> None:
        """Run the bundle between the queues."""
        super().__init__(scope, name, **stack)
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{FUNCTION_NAME}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.RETAIN,
        )
        settings = RateLimiterSettings(
            ingress_queue_url=queues.ingress.queue_url,
            ingress_dlq_url=queues.ingress_dlq.queue_url,
            workflows_queue_url=queues.workflows.queue_url,
            state_table=queues.state.table_name,
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=FUNCTION_NAME,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=HANDLER,
            code=lambda_.Code.from_asset(str(bundle)),
            timeout=TIMEOUT,
            memory_size=256,
            environment=settings.to_env(),
            role=self._role(queues),
            log_group=self.log_group,
        )
        lambda_.EventSourceMapping(
            self,
            "Ingress",
            target=self.function,
            event_source_arn=queues.ingress.queue_arn,
            batch_size=BATCH_SIZE,
            max_concurrency=MAX_CONCURRENCY,
            report_batch_item_failures=True,
        )
        CfnOutput(self, "LambdaFunction", value=self.function.function_name)

    def _role(self, queues: Queues) -> iam.Role:
        statements = [
            allow(
                ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"],
                queues.ingress.queue_arn,
            ),
            allow(["sqs:SendMessage"], queues.workflows.queue_arn, queues.ingress_dlq.queue_arn),
            items(
                ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
                queues.state.table_arn,
                "bucket#",
                "slot#",
            ),
            allow(["logs:CreateLogStream", "logs:PutLogEvents"], self.log_group.log_group_arn),
            publish_metrics(),
            use_key(queues.key, "sqs", "dynamodb"),
        ]
        return iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Limiter": iam.PolicyDocument(statements=statements)},
        )
