"""The limiter: a function between ingress and workflows queue, at the rate that the site allows."""

from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from huntaze_scraper import names
from huntaze_scraper.settings import INVOCATION_SECONDS, RateLimiterSettings
from huntaze_scraper.state.keys import Kind
from infra_cdk.function import Function
from infra_cdk.growth import LEAST_CONCURRENCY
from infra_cdk.options import Options
from infra_cdk.permissions import allow, items, publish_metrics
from infra_cdk.queues import Queues
from infra_cdk.tables import table

HANDLER = "huntaze_scraper.rate_limiter.handler.handler"
TIMEOUT = Duration.seconds(INVOCATION_SECONDS)
BATCH_SIZE = 10
MAX_CONCURRENCY = LEAST_CONCURRENCY
"""Where the accounts share one limit."""


class RateLimiter(Stack):
    """The function and its event source mapping."""

    def __init__(
        self, scope: Construct, name: str, *, options: Options, queues: Queues, bundle: Path, **stack: Any
    ) -> None:
        """Run the bundle between the queues."""
        super().__init__(scope, name, **stack)
        # By ARN: a construct given the key itself would write this stack's table into the key's policy, a cycle.
        line = table(self, "Line", kms.Key.from_key_arn(self, "Key", queues.key.key_arn), sort_key="sk")
        settings = RateLimiterSettings(
            ingress_queue_url=queues.ingress.queue_url,
            ingress_dlq_url=queues.ingress_dlq.queue_url,
            workflows_queue_url=queues.workflows.queue_url,
            state_table=queues.state.table_name,
            line_table=line.table_name,
            **options.limit,
        )
        limiter = Function(
            self,
            "Limiter",
            function_name=names.LIMITER_FUNCTION,
            handler=HANDLER,
            bundle=bundle,
            timeout=TIMEOUT,
            environment=settings.to_env(),
            statements=_statements(queues, line),
        )
        lambda_.EventSourceMapping(
            self,
            "Ingress",
            target=limiter.function,
            event_source_arn=queues.ingress.queue_arn,
            batch_size=BATCH_SIZE,
            max_concurrency=options.growth.limiter_concurrency,
            report_batch_item_failures=True,
        )
        CfnOutput(self, "LambdaFunction", value=limiter.function.function_name)


def _statements(queues: Queues, line: dynamodb.ITable) -> list[iam.PolicyStatement]:
    return [
        allow(
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"],
            queues.ingress.queue_arn,
        ),
        allow(["sqs:SendMessage"], queues.workflows.queue_arn, queues.ingress_dlq.queue_arn),
        items(
            ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
            queues.state.table_arn,
            Kind.BUCKET,
            Kind.SLOT,
        ),
        allow(["dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"], line.table_arn),
        publish_metrics(),
        *queues.use_keys("sqs", "dynamodb"),
    ]
