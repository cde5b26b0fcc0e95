"""What must outlive every deployment of code: the queues, the key that encrypts them, the state table."""

from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from huntaze_scraper.back_off import SPREAD, limit_seconds, most_receives, stand_by_seconds
from huntaze_scraper.queues.limits import MAX_DEAD_LETTER_BYTES, MAX_MESSAGE_BYTES
from huntaze_scraper.settings import RateLimiterSettings, WorkerSettings
from infra_cdk.options import Options
from infra_cdk.permissions import from_this_account, use_key
from infra_cdk.tables import table

LONGEST_RETENTION = Duration.days(14)
# A standard DLQ counts from the first enqueue time: what ingress keeps less than the longest is left to replay it.
INGRESS_RETENTION = Duration.days(10)
# AWS asks for six times the function's time-out.
INGRESS_VISIBILITY = Duration.seconds(RateLimiterSettings.ingress_visibility_seconds)
WORKFLOWS_VISIBILITY = Duration.seconds(WorkerSettings.visibility_seconds)
PROMISED_OUTAGE = Duration.days(1)
# Receives are not failures: redrive is only the net under what dies uncounted. So it holds what the worker's back-off
# comes to, at its shortest, in a day of each store's outage, a day in which no worker can change a visibility, and a
# limit of the site that lasts as long as the queue keeps a message: one after the other.
MAX_RECEIVE_COUNT = (
    most_receives(lambda receives: stand_by_seconds(receives) * (1 - SPREAD), PROMISED_OUTAGE.to_seconds())
    + most_receives(lambda _: WorkerSettings.visibility_seconds, PROMISED_OUTAGE.to_seconds())
    + most_receives(lambda row: limit_seconds(1.0, row), LONGEST_RETENTION.to_seconds())
)
# The limiter sets poison aside itself. A message that waits is received again at most twice a day, and one that finds
# the state table down every quarter of an hour: SQS's largest count outlasts the retention of both.
INGRESS_MAX_RECEIVE_COUNT = 1000


class Queues(Stack):
    """Ingress and workflows queue with their dead-letter queues, encrypted; the table of buckets, ledger, sessions."""

    key: kms.Key
    ingress: sqs.IQueue
    ingress_dlq: sqs.IQueue
    workflows: sqs.IQueue
    workflows_dlq: sqs.IQueue
    state: dynamodb.Table

    def __init__(self, scope: Construct, name: str, *, options: Options, **stack: Any) -> None:
        """Make the queues, or refer to the ones that there are."""
        super().__init__(scope, name, **stack)
        self._options = options
        self.key = self._key()
        if options.ingress_queue_arn:
            self._refer()
        else:
            self._make()
        self.state = table(self, "State", self.key)
        CfnOutput(self, "IngressQueueUrl", value=self.ingress.queue_url)
        CfnOutput(self, "IngressDlqUrl", value=self.ingress_dlq.queue_url)
        CfnOutput(self, "WorkflowsQueueUrl", value=self.workflows.queue_url)
        CfnOutput(self, "WorkflowsDlqUrl", value=self.workflows_dlq.queue_url)
        CfnOutput(self, "StateTable", value=self.state.table_name)

    def use_keys(self, *services: str) -> list[iam.PolicyStatement]:
        """Allow what the services need of the key for us, and of the existing queues' own key where they have one."""
        statements = [use_key(self.key.key_arn, *services)]
        if self._options.queues_key_arn:
            statements.append(use_key(self._options.queues_key_arn, "sqs"))
        return statements

    def _key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            description="Encrypts Huntaze's queues, state, results, credentials and alarms",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsNotifyTheEncryptedTopic",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],  # in a key's own policy this is the key
                conditions=from_this_account(),
            )
        )
        return key

    def _throughput(self, *, fifo: bool) -> dict[str, Any]:
        if not fifo or not self._options.growth.is_high_throughput:
            return {}
        return {
            "deduplication_scope": sqs.DeduplicationScope.MESSAGE_GROUP,
            "fifo_throughput_limit": sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
        }

    def _refer(self) -> None:
        for name, attribute in (
            ("Ingress", "ingress_queue_arn"),
            ("IngressDlq", "ingress_dlq_arn"),
            ("Workflows", "workflows_queue_arn"),
            ("WorkflowsDlq", "workflows_dlq_arn"),
        ):
            queue = sqs.Queue.from_queue_arn(self, name, getattr(self._options, attribute))
            setattr(self, attribute.removesuffix("_arn").removesuffix("_queue"), queue)

    def _make(self) -> None:
        self.ingress_dlq = self._queue("IngressDlq", "huntaze-rate-limiter-queue-dlq", retention=LONGEST_RETENTION)
        self.ingress = self._queue(
            "Ingress",
            "huntaze-rate-limiter-queue",
            retention=INGRESS_RETENTION,
            visibility=INGRESS_VISIBILITY,
            dlq=self.ingress_dlq,
            max_receive_count=INGRESS_MAX_RECEIVE_COUNT,
        )
        self.workflows_dlq = self._queue(
            "WorkflowsDlq", "huntaze-hybrid-workflows-dlq.fifo", retention=LONGEST_RETENTION, fifo=True
        )
        self.workflows = self._queue(
            "Workflows",
            "huntaze-hybrid-workflows.fifo",
            retention=LONGEST_RETENTION,
            visibility=WORKFLOWS_VISIBILITY,
            dlq=self.workflows_dlq,
            fifo=True,
        )

    def _queue(
        self,
        name: str,
        queue_name: str,
        *,
        retention: Duration,
        visibility: Duration | None = None,
        dlq: sqs.IQueue | None = None,
        max_receive_count: int = MAX_RECEIVE_COUNT,
        fifo: bool | None = None,
    ) -> sqs.Queue:
        return sqs.Queue(
            self,
            name,
            queue_name=queue_name,
            fifo=fifo,
            **self._throughput(fifo=bool(fifo)),
            retention_period=retention,
            visibility_timeout=visibility,
            # Set, because AWS's default has changed once. A dead letter bears its reason beside all that came.
            max_message_size_bytes=MAX_MESSAGE_BYTES if dlq else MAX_DEAD_LETTER_BYTES,
            dead_letter_queue=sqs.DeadLetterQueue(queue=dlq, max_receive_count=max_receive_count) if dlq else None,
            encryption_master_key=self.key,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
