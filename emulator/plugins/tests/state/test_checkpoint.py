"""A cloud is as it was, by the fixtures that come with the package."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from localprocs.host.cloud import Cloud
from localprocs.vclock import Clock

pytestmark = pytest.mark.timeout(200)
type Checkpoint = Callable[[], Callable[[], None]]


@pytest.fixture(scope="module")
def filled(cloud: Cloud) -> dict[str, Any]:
    """A queue with a message in flight and one to come, a table, a bucket, a secret, a parameter, an alarm."""
    sqs, dynamodb, s3 = cloud.client("sqs"), cloud.client("dynamodb"), cloud.client("s3")
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="first")
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=600)
    handle = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=900)["Messages"][0]["ReceiptHandle"]
    dynamodb.create_table(
        TableName="bills",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )
    dynamodb.put_item(TableName="bills", Item={"k": {"S": "1"}, "n": {"N": "1"}})
    s3.create_bucket(Bucket="papers")
    s3.put_object(Bucket="papers", Key="a", Body=b"as it was")
    cloud.client("secretsmanager").create_secret(Name="key", SecretString="old")
    cloud.client("ssm").put_parameter(Name="/size", Value="1", Type="String")
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="many", Namespace="n", MetricName="m", Period=60, EvaluationPeriods=1, Threshold=1,
        Statistic="Sum", ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    return {"queue": queue, "handle": handle}


def seen(cloud: Cloud, queue: str) -> dict[str, Any]:
    """Return what is there, as its callers see it."""
    sqs, s3 = cloud.client("sqs"), cloud.client("s3")
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    return {
        "queues": sqs.list_queues().get("QueueUrls"),
        "messages": sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"],
        "items": cloud.client("dynamodb").scan(TableName="bills")["Items"],
        "buckets": [it["Name"] for it in s3.list_buckets()["Buckets"]],
        "object": s3.get_object(Bucket="papers", Key="a")["Body"].read(),
        "secret": cloud.client("secretsmanager").get_secret_value(SecretId="key")["SecretString"],
        "parameter": cloud.client("ssm").get_parameter(Name="/size")["Parameter"]["Value"],
        "alarms": [it["StateValue"] for it in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]],
    }


def change_everything(cloud: Cloud, filled: dict[str, Any]) -> None:
    sqs, s3 = cloud.client("sqs"), cloud.client("s3")
    sqs.delete_message(QueueUrl=filled["queue"], ReceiptHandle=filled["handle"])
    sqs.send_message(QueueUrl=filled["queue"], MessageBody="new")
    sqs.create_queue(QueueName="more")
    cloud.client("sns").create_topic(Name="only-since")
    cloud.client("dynamodb").delete_table(TableName="bills")
    s3.put_object(Bucket="papers", Key="a", Body=b"something else, and longer")
    s3.create_bucket(Bucket="more")
    cloud.client("secretsmanager").put_secret_value(SecretId="key", SecretString="new")
    cloud.client("ssm").put_parameter(Name="/size", Value="2", Type="String", Overwrite=True)
    cloud.client("cloudwatch").set_alarm_state(AlarmName="many", StateValue="ALARM", StateReason="so")


def test_everything_is_as_it_was(cloud: Cloud, filled: dict[str, Any], checkpoint: Checkpoint) -> None:
    """Twice, whatever was changed, made or deleted since."""
    before = seen(cloud, filled["queue"])
    restore = checkpoint()
    for _ in range(2):
        change_everything(cloud, filled)
        restore()
        assert seen(cloud, filled["queue"]) == before
        assert cloud.client("sns").list_topics()["Topics"] == []


def test_time_goes_on_and_what_is_hidden_stays_hidden_as_long(
    cloud: Cloud, clock: Clock, filled: dict[str, Any], checkpoint: Checkpoint
) -> None:
    """A message that had ten minutes to go comes after ten minutes, however late it was put back."""
    restore = checkpoint()
    clock.advance(3600)
    cloud.client("sqs").purge_queue(QueueUrl=filled["queue"])
    restore()

    sqs = cloud.client("sqs")
    clock.advance(500)
    assert "Messages" not in sqs.receive_message(QueueUrl=filled["queue"])
    clock.advance(150)
    later = sqs.receive_message(QueueUrl=filled["queue"], VisibilityTimeout=3000)["Messages"]
    clock.advance(300)
    first = sqs.receive_message(QueueUrl=filled["queue"])["Messages"]
    assert [later[0]["Body"], first[0]["Body"]] == ["later", "first"]


def test_a_function_goes_on_to_take_from_its_queue(cloud: Cloud, clock: Clock, checkpoint: Checkpoint) -> None:
    """Those that poll were there before, and find the queue again."""
    sqs, lambdas, iam = cloud.client("sqs"), cloud.client("lambda"), cloud.client("iam")
    queue = sqs.create_queue(QueueName="work")["QueueUrl"]
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}  # fmt: skip
    role = iam.create_role(RoleName="it", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}]}  # fmt: skip
    iam.put_role_policy(RoleName="it", PolicyName="it", PolicyDocument=json.dumps(policy))
    lambdas.create_function(
        FunctionName="worker", Runtime="python3.13", Handler="index.handler", Role=role,
        Code={"ZipFile": zipped("def handler(event, context):\n    print(event['Records'][0]['body'])\n")},
    )  # fmt: skip
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    lambdas.create_event_source_mapping(EventSourceArn=arn, FunctionName="worker", BatchSize=1)
    logs = cloud.client("logs")

    def lines() -> list[str]:
        groups = [it["logGroupName"] for it in logs.describe_log_groups()["logGroups"]]
        found = [logs.filter_log_events(logGroupName=group)["events"] for group in groups]
        return [event["message"].strip() for events in found for event in events if "job" in event["message"]]

    restore = checkpoint()
    for number in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=f"job {number}")
        assert clock.until(lines, within=300) == [f"job {number}"]
        restore()
        assert lines() == []


def zipped(source: str) -> bytes:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", source)
    return buffer.getvalue()


def test_how_long_it_takes_is_told(cloud: Cloud, checkpoint: Checkpoint, record_property: Callable[..., None]) -> None:
    """No limit here, where the machine is shared: ``bench emulator`` holds it to 200 ms."""
    restore = checkpoint()
    begun = time.perf_counter()
    restore()
    record_property("restore_seconds", time.perf_counter() - begun)
