"""What tells people how the pipeline does: the topic, the alarms, the dashboard."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from huntaze_scraper import names
from infra_cdk.alarms import raise_alarms
from infra_cdk.dashboard import Dashboard
from infra_cdk.options import Options
from infra_cdk.permissions import from_this_account
from infra_cdk.queues import Queues


class Observability(Stack):
    """Alarms that notify one topic, and the dashboard.

    It refers to function, service and log groups by name, so that neither has to wait for the other.
    """

    def __init__(self, scope: Construct, name: str, *, options: Options, queues: Queues, **stack: Any) -> None:
        """Watch the pipeline."""
        super().__init__(scope, name, **stack)
        topic = self._topic(options, queues)
        alarms = raise_alarms(self, queues, topic)
        Dashboard(self, "Dashboard", queues=queues, alarms=alarms)
        CfnOutput(self, "AlarmTopicArn", value=topic.topic_arn)

    def _topic(self, options: Options, queues: Queues) -> sns.ITopic:
        if options.alarm_topic_arn:
            return sns.Topic.from_topic_arn(self, "Topic", options.alarm_topic_arn)
        topic = sns.Topic(self, "Topic", topic_name=names.ALARM_TOPIC, master_key=queues.key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions=from_this_account(),
            )
        )
        return topic
