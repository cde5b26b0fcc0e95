"""A program: the services in this process are filled, saved, emptied, and read again; prints what they told each time."""

import json
import os
import sys
import tempfile
import time
from types import SimpleNamespace
from typing import Any

from localprocs import settings

scratch = tempfile.mkdtemp()
os.environ.update(settings.environment(port=4566, cache=f"{scratch}/cache", scratch=scratch), IN_MEMORY_CLIENT="1")

from localprocs.state import held, saved  # noqa: E402
from localstack.aws import client as in_memory  # noqa: E402 - LocalStack reads its settings when it is imported
from localstack.aws.app import LocalstackAwsGateway  # noqa: E402
from localstack.aws.connect import connect_to  # noqa: E402
from localstack.runtime import hooks  # noqa: E402
from localstack.runtime.current import set_current_runtime  # noqa: E402
from localstack.services.plugins import SERVICE_PLUGINS  # noqa: E402
from localstack.services.stores import AccountRegionBundle  # noqa: E402

TABLE = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}}
RULE = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 hour)"}}
ALARM = {"Namespace": "n", "MetricName": "m", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1, "Statistic": "Sum"}


def main() -> None:
    in_memory._patch_botocore_endpoint_in_memory()
    set_current_runtime(SimpleNamespace(components=SimpleNamespace(gateway=LocalstackAwsGateway(SERVICE_PLUGINS))))
    hooks.on_infra_start.run()
    aws = connect_to(aws_access_key_id="000000000000", region_name="us-east-1")
    queue = fill(aws)
    told = [tell(aws, queue)]
    file = saved.save()
    for each in held.containers().values():
        each.reset() if isinstance(each, AccountRegionBundle) else dict.clear(each)
    told.append({"queues": aws.sqs.list_queues().get("QueueUrls")})
    saved.load(file)
    told.append(tell(aws, queue))
    aws.sqs.delete_message(QueueUrl=queue, ReceiptHandle=told[0]["handle"])
    told.append({"next": [it["Body"] for it in aws.sqs.receive_message(QueueUrl=queue)["Messages"]]})
    sys.stdout.write(json.dumps(told, default=str))
    sys.stdout.flush()
    os._exit(0)


def fill(aws: Any) -> str:
    template = {"Resources": {"Orders": QUEUE, "EachHour": RULE}, "Outputs": {"Orders": {"Value": {"Ref": "Orders"}}}}
    aws.cloudformation.create_stack(StackName="shop", TemplateBody=json.dumps(template))
    deadline = time.monotonic() + 50
    while (stack := _stack(aws))["StackStatus"].endswith("IN_PROGRESS") and time.monotonic() < deadline:
        time.sleep(0.05)
    queue: str = stack["Outputs"][0]["OutputValue"]
    for body in ("first", "second"):
        aws.sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="g", MessageDeduplicationId=body)
    aws.sqs.send_message(
        QueueUrl=aws.sqs.create_queue(QueueName="later")["QueueUrl"], MessageBody="b", DelaySeconds=900
    )
    kinds = [{"AttributeName": "k", "AttributeType": "S"}]
    aws.dynamodb.create_table(TableName="t", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=kinds, **TABLE)
    aws.dynamodb.put_item(TableName="t", Item={"k": {"S": "1"}})
    aws.s3.create_bucket(Bucket="papers")
    aws.s3.put_object(Bucket="papers", Key="a", Body=b"paper")
    aws.kms.create_key(Description="a key")
    topic = aws.sns.create_topic(Name="news")["TopicArn"]
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:later")
    aws.ssm.put_parameter(Name="/size", Value="1", Type="String")
    aws.cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])
    aws.cloudwatch.put_metric_alarm(AlarmName="many", ComparisonOperator="GreaterThanThreshold", **ALARM)
    aws.logs.create_log_group(logGroupName="g")
    aws.logs.create_log_stream(logGroupName="g", logStreamName="s")
    event = {"timestamp": int(time.time() * 1000), "message": "a line"}
    aws.logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[event])
    aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    handles.append(aws.sqs.receive_message(QueueUrl=queue, VisibilityTimeout=900)["Messages"][0]["ReceiptHandle"])
    return queue


handles: list[str] = []


def tell(aws: Any, queue: str) -> dict[str, Any]:
    counts = [f"ApproximateNumberOfMessages{each}" for each in ("", "NotVisible", "Delayed")]
    urls = sorted(aws.sqs.list_queues()["QueueUrls"])
    return {
        "handle": handles[0],
        "stack": [_stack(aws)["StackStatus"], queue],
        "queues": {
            url: aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"] for url in urls
        },
        "items": aws.dynamodb.scan(TableName="t")["Items"],
        "object": aws.s3.get_object(Bucket="papers", Key="a")["Body"].read().decode(),
        "keys": [it["KeyId"] for it in aws.kms.list_keys()["Keys"]],
        "subscriptions": [it["SubscriptionArn"] for it in aws.sns.list_subscriptions()["Subscriptions"]],
        "parameter": aws.ssm.get_parameter(Name="/size")["Parameter"]["Value"],
        "alarms": [it["AlarmName"] for it in aws.cloudwatch.describe_alarms()["MetricAlarms"]],
        "metrics": [it["MetricName"] for it in aws.cloudwatch.list_metrics()["Metrics"]],
        "rules": [it["ScheduleExpression"] for it in aws.events.list_rules()["Rules"]],
        "lines": [it["message"] for it in aws.logs.filter_log_events(logGroupName="g")["events"]],
        "networks": [it["CidrBlock"] for it in aws.ec2.describe_vpcs()["Vpcs"]],
    }


def _stack(aws: Any) -> Any:
    return aws.cloudformation.describe_stacks(StackName="shop")["Stacks"][0]


if __name__ == "__main__":
    main()
