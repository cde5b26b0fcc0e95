"""An application of events: every way by which one thing on AWS has another do something."""

from pathlib import Path

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack, aws_apigateway, aws_events_targets
from aws_cdk.aws_dynamodb import Attribute, AttributeType, Table
from aws_cdk.aws_events import EventBus, EventPattern, Rule, Schedule
from aws_cdk.aws_lambda import Code, Function, FunctionUrlAuthType, Runtime
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from aws_cdk.aws_logs import FilterPattern, LogGroup, MetricFilter
from aws_cdk.aws_s3 import Bucket, EventType
from aws_cdk.aws_s3_notifications import LambdaDestination
from aws_cdk.aws_sns import SubscriptionFilter, Topic
from aws_cdk.aws_sns_subscriptions import SqsSubscription
from aws_cdk.aws_sqs import DeadLetterQueue, Queue
from aws_cdk.aws_stepfunctions import DefinitionBody, Pass, Result, StateMachine
from aws_cdk.aws_stepfunctions_tasks import LambdaInvoke
from aws_cdk.custom_resources import AwsCustomResource, AwsCustomResourcePolicy, AwsSdkCall, PhysicalResourceId
from constructs import Construct

CODE = str(Path(__file__).parent / "event_functions")


class EventApp(Stack):
    """What happens is written to a table, with the word that this version of it has."""

    def __init__(self, scope: Construct, name: str, *, word: str) -> None:
        super().__init__(scope, name)
        self.table = Table(
            self,
            "Table",
            partition_key=Attribute(name="pk", type=AttributeType.STRING),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.word = word
        self._queue_with_topic()
        self._rules()
        self._bucket()
        self._workflow()
        self._doors()
        self._row()
        CfnOutput(self, "TableName", value=self.table.table_name)

    def _function(self, name: str, log_group: LogGroup | None = None) -> Function:
        function = Function(
            self,
            name,
            runtime=Runtime.PYTHON_3_13,
            handler=f"functions.{name.lower()}",
            code=Code.from_asset(CODE),
            timeout=Duration.seconds(30),
            log_group=log_group,
            environment={"TABLE": self.table.table_name, "WORD": self.word},
        )
        self.table.grant_write_data(function)
        return function

    def _queue_with_topic(self) -> None:
        dead = Queue(self, "Dead")
        queue = Queue(
            self,
            "Queue",
            visibility_timeout=Duration.seconds(180),
            dead_letter_queue=DeadLetterQueue(max_receive_count=2, queue=dead),
        )
        self._function("Batch").add_event_source(SqsEventSource(queue, report_batch_item_failures=True))
        topic = Topic(self, "Topic")
        wanted = SubscriptionFilter.string_filter(allowlist=[self.word])
        topic.add_subscription(SqsSubscription(queue, raw_message_delivery=True, filter_policy={"word": wanted}))
        CfnOutput(self, "QueueUrl", value=queue.queue_url)
        CfnOutput(self, "DeadUrl", value=dead.queue_url)
        CfnOutput(self, "TopicArn", value=topic.topic_arn)

    def _rules(self) -> None:
        heard = aws_events_targets.LambdaFunction(self._function("Heard"))
        bus, pattern = EventBus(self, "Bus"), EventPattern(source=["shop"], detail_type=["order"])
        Rule(self, "OnOrder", event_bus=bus, event_pattern=pattern, description=self.word, targets=[heard])
        CfnOutput(self, "BusName", value=bus.event_bus_name)
        ticked = aws_events_targets.LambdaFunction(self._function("Ticked"))
        Rule(self, "Hourly", schedule=Schedule.rate(Duration.hours(1)), targets=[ticked])

    def _bucket(self) -> None:
        bucket = Bucket(self, "Bucket", removal_policy=RemovalPolicy.DESTROY, auto_delete_objects=True)
        bucket.add_event_notification(EventType.OBJECT_CREATED, LambdaDestination(self._function("Stored")))
        CfnOutput(self, "BucketName", value=bucket.bucket_name)

    def _workflow(self) -> None:
        first = Pass(self, "Begin", result=Result.from_object({"pk": "step"}))
        step = LambdaInvoke(self, "Do", lambda_function=self._function("Stepped"), payload_response_only=True)
        machine = StateMachine(self, "Machine", definition_body=DefinitionBody.from_chainable(first.next(step)))
        CfnOutput(self, "MachineArn", value=machine.state_machine_arn)

    def _doors(self) -> None:
        log = LogGroup(self, "AskedLog", removal_policy=RemovalPolicy.DESTROY)
        pattern = FilterPattern.string_value("$.word", "=", self.word)
        MetricFilter(self, "Asks", log_group=log, filter_pattern=pattern, metric_namespace="Shop", metric_name="Asks")
        function = self._function("Asked", log)
        CfnOutput(self, "Url", value=function.add_function_url(auth_type=FunctionUrlAuthType.NONE).url)
        gone = RemovalPolicy.DESTROY
        api = aws_apigateway.LambdaRestApi(self, "Api", handler=function, cloud_watch_role_removal_policy=gone)
        CfnOutput(self, "ApiUrl", value=api.url)

    def _row(self) -> None:
        """Write a row by a call of AWS's API, as the stack is made or changed; it goes with the stack."""
        key, where = {"pk": {"S": "row"}}, {"TableName": self.table.table_name}
        item = {**key, "word": {"S": self.word}}
        AwsCustomResource(
            self,
            "Row",
            on_update=AwsSdkCall(
                service="DynamoDB",
                action="putItem",
                parameters={**where, "Item": item},
                physical_resource_id=PhysicalResourceId.of("row"),
            ),
            on_delete=AwsSdkCall(service="DynamoDB", action="deleteItem", parameters={**where, "Key": key}),
            policy=AwsCustomResourcePolicy.from_sdk_calls(resources=[self.table.table_arn]),
            install_latest_aws_sdk=False,
        )
