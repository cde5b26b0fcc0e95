"""A program: ``save FILE`` fills this process's services and saves them, ``load FILE`` reads them; prints what they tell."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from localprocs import settings

scratch = tempfile.mkdtemp()
os.environ.update(settings.environment(port=4566, cache=f"{scratch}/cache", scratch=scratch), IN_MEMORY_CLIENT="1")

from localprocs.state import saved  # noqa: E402
from localstack.aws import client as in_memory  # noqa: E402 - LocalStack reads its settings when it is imported
from localstack.aws.app import LocalstackAwsGateway  # noqa: E402
from localstack.aws.connect import connect_to  # noqa: E402
from localstack.runtime import hooks  # noqa: E402
from localstack.runtime.current import set_current_runtime  # noqa: E402
from localstack.services.plugins import SERVICE_PLUGINS  # noqa: E402

LARGE = bytes(6 * 1024 * 1024)
"""More than S3 keeps in memory, and than a part must have."""
TABLE = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}}
RULE = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 hour)"}}
ALARM = {"Namespace": "n", "MetricName": "m", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1, "Statistic": "Sum"}


def main(verb: str, file: Path) -> None:
    in_memory._patch_botocore_endpoint_in_memory()
    set_current_runtime(SimpleNamespace(components=SimpleNamespace(gateway=LocalstackAwsGateway(SERVICE_PLUGINS))))
    hooks.on_infra_start.run()
    aws = connect_to(aws_access_key_id="000000000000", region_name="us-east-1")
    known = file.with_suffix(".json")
    if verb == "save":
        given = fill(aws)
        said = tell(aws, given)
        known.write_text(json.dumps(given))
        file.write_bytes(saved.save())
    else:
        saved.load(file.read_bytes())
        given = json.loads(known.read_text())
        said = {"told": tell(aws, given), "then": go_on(aws, given)}
    sys.stdout.write(json.dumps(said, default=str))
    sys.stdout.flush()
    os._exit(0)


def go_on(aws: Any, given: dict[str, str]) -> dict[str, Any]:
    """Return what comes of work that was under way."""
    queue = given["queue"]
    aws.sqs.delete_message(QueueUrl=queue, ReceiptHandle=given["handle"])
    part = {"PartNumber": 1, "ETag": given["part"]}
    upload = {"Bucket": "papers", "Key": "b", "UploadId": given["upload"]}
    aws.s3.upload_part(PartNumber=2, Body=LARGE, **upload)
    second = aws.s3.list_parts(**upload)["Parts"][1]["ETag"]
    parts = {"Parts": [part, {"PartNumber": 2, "ETag": second}]}
    aws.s3.complete_multipart_upload(MultipartUpload=parts, **upload)
    aws.s3.put_object(Bucket="papers", Key="c", Body=LARGE)
    return {
        "next": [it["Body"] for it in aws.sqs.receive_message(QueueUrl=queue)["Messages"]],
        "sizes": [it["Size"] for it in aws.s3.list_objects_v2(Bucket="papers")["Contents"]],
    }


def fill(aws: Any) -> dict[str, str]:
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
    upload = aws.s3.create_multipart_upload(Bucket="papers", Key="b")["UploadId"]
    part = aws.s3.upload_part(Bucket="papers", Key="b", UploadId=upload, PartNumber=1, Body=LARGE)["ETag"]
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
    handle = aws.sqs.receive_message(QueueUrl=queue, VisibilityTimeout=900)["Messages"][0]["ReceiptHandle"]
    return {"queue": queue, "handle": handle, "upload": upload, "part": part}


def tell(aws: Any, given: dict[str, str]) -> dict[str, Any]:
    counts = [f"ApproximateNumberOfMessages{each}" for each in ("", "NotVisible", "Delayed")]
    urls = sorted(aws.sqs.list_queues()["QueueUrls"])
    return {
        "stack": [_stack(aws)["StackStatus"], given["queue"]],
        "queues": {
            url: aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"] for url in urls
        },
        "items": aws.dynamodb.scan(TableName="t")["Items"],
        "object": aws.s3.get_object(Bucket="papers", Key="a")["Body"].read().decode(),
        "keys": [it["KeyId"] for it in aws.kms.list_keys()["Keys"]],
        "subscriptions": [it["SubscriptionArn"] for it in aws.sns.list_subscriptions()["Subscriptions"]],
        "parameter": aws.ssm.get_parameter(Name="/size")["Parameter"]["Value"],
        "alarms": [it["AlarmName"] for it in aws.cloudwatch.describe_alarms()["MetricAlarms"]],
        "metrics": [it["MetricName"] for it in aws.cloudwatch.list_metrics(Namespace="n")["Metrics"]],
        "rules": [it["ScheduleExpression"] for it in aws.events.list_rules()["Rules"]],
        "lines": [it["message"] for it in aws.logs.filter_log_events(logGroupName="g")["events"]],
        "networks": [it["CidrBlock"] for it in aws.ec2.describe_vpcs()["Vpcs"]],
    }


def _stack(aws: Any) -> Any:
    return aws.cloudformation.describe_stacks(StackName="shop")["Stacks"][0]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
