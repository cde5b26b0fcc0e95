"""A cloud that was saved goes on in another process; a file that cannot be read is refused."""

import io
import json
import pickle
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from localprocs.host.cloud import Cloud
from localprocs.host.errors import CloudError
from localprocs.state import saved
from localprocs.state.format import FORMAT, HELD, MANIFEST, NotReadable, read
from localprocs.vclock import AUTO, Clock

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}
MAY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}]}
HANDLER = "def handler(event, context):\n    for each in event['Records']:\n        print('worked on', each['body'])\n"
APP = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": TRUST,
                "Policies": [{"PolicyName": "its", "PolicyDocument": MAY}],
            },
        },
        "Work": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}},
        "Ordered": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}},
        "Worker": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": HANDLER},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": {"Fn::GetAtt": ["Work", "Arn"]}, "FunctionName": {"Ref": "Worker"}},
        },
        "Bills": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            },
        },
        "Papers": {"Type": "AWS::S3::Bucket"},
        "Password": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "s3cret"}},
        "Ticks": {"Type": "AWS::SQS::Queue"},
        "EachHour": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": "rate(1 hour)",
                "Targets": [{"Id": "it", "Arn": {"Fn::GetAtt": ["Ticks", "Arn"]}}],
            },
        },
    },
    "Outputs": {
        name: {"Value": {"Ref": name}} for name in ("Work", "Ordered", "Bills", "Papers", "Password", "Ticks", "Worker")
    },
}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str], str, float]]:
    """A file that a cloud was saved to, its outputs, a receipt handle of a message in flight, and its time."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / "Shop.template.json").write_text(json.dumps(APP))
    with Cloud(speed=AUTO) as cloud:
        outputs = cloud.deploy(folder / "Shop.template.json")
        sqs = cloud.client("sqs")
        for body in ("a", "b"):
            sqs.send_message(
                QueueUrl=outputs["Ordered"], MessageBody=body, MessageGroupId="g", MessageDeduplicationId=body
            )
        cloud.client("dynamodb").put_item(TableName=outputs["Bills"], Item={"k": {"S": "1"}})
        cloud.client("s3").put_object(Bucket=outputs["Papers"], Key="a", Body=b"paper")
        cloud.clock.advance(3 * 24 * 3600)
        (flying,) = sqs.receive_message(QueueUrl=outputs["Ordered"], VisibilityTimeout=7200)["Messages"]
        sqs.purge_queue(QueueUrl=outputs["Ticks"])
        cloud.save(folder / "cloud.zip")
        yield folder / "cloud.zip", outputs, flying["ReceiptHandle"], cloud.clock.now()


@pytest.fixture(scope="module")
def second(first: tuple[Path, dict[str, str], str, float]) -> Iterator[Cloud]:
    """The cloud that begins with it."""
    with Cloud(speed=AUTO, source=first[0]) as cloud:
        yield cloud


@pytest.mark.timeout(300)
def test_all_of_it_is_there(second: Cloud, first: tuple[Path, dict[str, str], str, float]) -> None:
    """Items, objects, secrets, stacks; what is in flight, by its old receipt handle; the time."""
    _, outputs, handle, then = first
    assert 0 <= second.clock.now() - then < 3600
    assert second.client("dynamodb").scan(TableName=outputs["Bills"])["Items"] == [{"k": {"S": "1"}}]
    assert second.client("s3").get_object(Bucket=outputs["Papers"], Key="a")["Body"].read() == b"paper"
    secret = second.client("secretsmanager").get_secret_value(SecretId=outputs["Password"])
    assert secret["SecretString"] == "s3cret"
    stack = second.client("cloudformation").describe_stacks(StackName="Shop")["Stacks"][0]
    assert {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}.keys() == outputs.keys()
    sqs, url = second.client("sqs"), _here(second, outputs["Ordered"])
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    assert [it["Body"] for it in sqs.receive_message(QueueUrl=url)["Messages"]] == ["b"]


@pytest.mark.timeout(300)
def test_what_ran_runs_again(second: Cloud, first: tuple[Path, dict[str, str], str, float]) -> None:
    """A function takes from its queue, and a rule ticks."""
    _, outputs, _, _ = first
    sqs, logs = second.client("sqs"), second.client("logs")
    clock = second.clock
    assert isinstance(clock, Clock)
    sqs.send_message(QueueUrl=_here(second, outputs["Work"]), MessageBody="one more")

    def worked() -> list[str]:
        groups = [it["logGroupName"] for it in logs.describe_log_groups()["logGroups"]]
        found = [logs.filter_log_events(logGroupName=group)["events"] for group in groups]
        return [event["message"].strip() for events in found for event in events if "worked on" in event["message"]]

    assert clock.until(worked, within=300) == ["worked on one more"]
    clock.advance(2 * 3600)
    assert sqs.receive_message(QueueUrl=_here(second, outputs["Ticks"]), MaxNumberOfMessages=10)["Messages"]


@pytest.mark.timeout(300)
def test_it_can_be_changed_and_deleted_as_the_first_one_could(
    second: Cloud, first: tuple[Path, dict[str, str], str, float]
) -> None:
    """The stack knows its resources."""
    cloudformation = second.client("cloudformation")
    second.client("s3").delete_object(Bucket=first[1]["Papers"], Key="a")
    cloudformation.delete_stack(StackName="Shop")
    assert isinstance(second.clock, Clock)

    def is_gone() -> bool:
        stacks = cloudformation.list_stacks()["StackSummaries"]
        return all(it["StackStatus"] == "DELETE_COMPLETE" for it in stacks)

    second.clock.until(is_gone, within=600)
    assert "QueueUrls" not in second.client("sqs").list_queues()


def _here(cloud: Cloud, url: str) -> str:
    """Return a queue's address in this cloud: the port is another one."""
    return f"{cloud.endpoint_url}/{url.partition('://')[2].partition('/')[2]}"


def file(**changes: Any) -> bytes:
    manifest = {"format": FORMAT, "saved_at": 0, "services": []} | changes.pop("manifest", {})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(MANIFEST, json.dumps(manifest))
        archive.writestr(HELD, changes.pop("held", pickle.dumps({})))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no file that `localprocs save` wrote"),
        (b"PK\x05\x06" + bytes(18), "no file that `localprocs save` wrote"),
        (file(manifest={"format": FORMAT + 1}), "take a newer localprocs"),
        (file(manifest={"format": None}), "no file that `localprocs save` wrote"),
    ],
    ids=["empty", "an empty zip", "newer", "no number"],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    """Before anything is started, in a line."""
    with pytest.raises(NotReadable, match=why):
        read(content)
    (tmp_path / "it").write_bytes(content)
    with pytest.raises(CloudError, match=why):
        Cloud(source=tmp_path / "it")


def test_a_file_of_a_later_time_needs_a_clock(tmp_path: Path) -> None:
    """On the machine's time nothing of it would be due for years."""
    (tmp_path / "it").write_bytes(file(manifest={"saved_at": 5e9}))
    with pytest.raises(CloudError, match="give a speed"):
        Cloud(source=tmp_path / "it")


@pytest.mark.parametrize("call", [subprocess.getoutput, eval, exec, __import__])
def test_a_file_runs_nothing(call: Callable[..., Any]) -> None:
    """It may name what services hold, and no function of a library."""

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return call, ("1",)

    with pytest.raises(NotReadable, match="which is nothing that a service holds"):
        saved.load(file(held=pickle.dumps(Trap())))
