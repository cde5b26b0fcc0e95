"""What tells people how the pipeline does: the topic, the alarms, the dashboard."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra_cdk.options import Options
from infra_cdk.queues import Queues

TOPIC_NAME = "huntaze-cost-alerts"


class Observability(Stack):
    """Alarms that notify one topic, and the dashboard."""

    def __init__(self, scope: Construct, name: str, *, options: Options, queues: Queues, **stack: Any) -> None:
        """Watch the queues."""
        super().__init__(scope, name, **stack)
        self.topic: sns.ITopic
        if options.alarm_topic_arn:
            self.topic = sns.Topic.from_topic_arn(self, "Topic", options.alarm_topic_arn)
        else:
            self.topic = sns.Topic(
                self, "Topic", topic_name=TOPIC_NAME, master_key=queues.key, enforce_ssl=True
            )
        age = queues.workflows.metric_approximate_age_of_oldest_message()
        alarm = cloudwatch.Alarm(
            self,
            "WorkflowsQueueAgeCritical",
            alarm_name="workflows_queue_age_critical",
            metric=age,
            threshold=1800,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))
        CfnOutput(self, "AlarmTopicArn", value=self.topic.topic_arn)
