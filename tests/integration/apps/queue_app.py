"""The CDK's own pattern for a service that works through a queue, unmodified."""

from aws_cdk import CfnOutput, Stack, aws_ecs_patterns
from aws_cdk.aws_ecs import ContainerImage
from constructs import Construct

WORKER = """
import os, time, boto3
sqs = boto3.client("sqs", region_name=os.environ["AWS_REGION"])
url = sqs.get_queue_url(QueueName=os.environ["QUEUE_NAME"])["QueueUrl"]
while True:
    for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", []):
        time.sleep(float(os.environ["SECONDS_EACH"]))
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
"""


class QueueApp(Stack):
    """A worker that takes so many seconds for a message."""

    def __init__(self, scope: Construct, name: str, *, seconds_each: int) -> None:
        super().__init__(scope, name)
        pattern = aws_ecs_patterns.QueueProcessingFargateService(
            self,
            "Work",
            image=ContainerImage.from_registry("python:3.13"),
            command=["python", "-c", WORKER],
            environment={"SECONDS_EACH": str(seconds_each)},
            min_scaling_capacity=1,
            max_scaling_capacity=4,
        )
        CfnOutput(self, "Queue", value=pattern.sqs_queue.queue_url)
        CfnOutput(self, "Cluster", value=pattern.cluster.cluster_name)
        CfnOutput(self, "Service", value=pattern.service.service_name)
