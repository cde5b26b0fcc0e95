"""A cloud written to a file goes on in another: other processes, the same account, the same hour."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from localprocs.host.cloud import Cloud
from localprocs.vclock import Clock

from emulator.harness.places import PLUGINS_PYTHON, ROOT

pytestmark = pytest.mark.timeout(400)
MINUTE = 60.0

FUNCTION = """
import boto3, os
from botocore.exceptions import ClientError

table = boto3.client("dynamodb")

def handler(event, context):
    for key in [it["body"] for it in event.get("Records", [])] or ["tick/" + event["time"]]:
        try:
            table.scan(TableName=os.environ["TABLE"])
            may = "reads"
        except ClientError as error:
            may = error.response["Error"]["Code"]
        table.put_item(TableName=os.environ["TABLE"], Item={"k": {"S": key}, "may": {"S": may}})
"""
TASK = """
import boto3, os, time

table = boto3.client("dynamodb", region_name=os.environ["AWS_REGION"])
while True:
    table.put_item(TableName=os.environ["TABLE"], Item={"k": {"S": f"task/{time.time():.0f}"}})
    time.sleep(60)
"""


def may(*actions: str) -> Any:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}


def role(service: str, *actions: str) -> Any:
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "its", "PolicyDocument": may(*actions)}],
        },
    }


def arn(name: str) -> Any:
    return {"Fn::GetAtt": [name, "Arn"]}


SHOP: Any = {
    "Resources": {
        "Jobs": {"Type": "AWS::SQS::Queue"},
        "Orders": {"Type": "AWS::SQS::Queue"},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            },
        },
        "Papers": {"Type": "AWS::S3::Bucket"},
        "Key": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "as it was"}},
        "Role": role("lambda", "dynamodb:PutItem", "sqs:*", "logs:*"),
        "Worker": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": arn("Role"),
                "Code": {"ZipFile": FUNCTION},
                "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": arn("Jobs"), "FunctionName": {"Ref": "Worker"}, "BatchSize": 1},
        },
        "Tick": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": "rate(10 minutes)",
                "Targets": [{"Id": "it", "Arn": arn("Worker")}],
            },
        },
        "MayTick": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Worker"},
                "Principal": "events.amazonaws.com",
                "SourceArn": arn("Tick"),
            },
        },
        "Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Network"}, "CidrBlock": "10.0.0.0/24"},
        },
        "Cluster": {"Type": "AWS::ECS::Cluster"},
        "TaskRole": role("ecs-tasks", "dynamodb:PutItem"),
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "RequiresCompatibilities": ["FARGATE"],
                "NetworkMode": "awsvpc",
                "Cpu": "256",
                "Memory": "512",
                "TaskRoleArn": arn("TaskRole"),
                "ContainerDefinitions": [
                    {
                        "Name": "it",
                        "Image": "python:3.13",
                        "Command": ["python", "-c", TASK],
                        "Environment": [{"Name": "TABLE", "Value": {"Ref": "Table"}}],
                    }
                ],
            },
        },
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "TaskDefinition": {"Ref": "Task"},
                "LaunchType": "FARGATE",
                "DesiredCount": 1,
                "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [{"Ref": "Subnet"}]}},
            },
        },
    },
    "Outputs": {
        name: {"Value": {"Ref": name}} for name in ("Jobs", "Orders", "Table", "Papers", "Key", "Cluster", "Service")
    },
}


class Shop:
    """A cloud with the stack."""

    def __init__(self, cloud: Cloud, outputs: dict[str, str]) -> None:
        assert isinstance(cloud.clock, Clock)
        self.cloud, self.clock, self.out = cloud, cloud.clock, outputs

    def keys(self) -> dict[str, str]:
        """Return what the table holds: who wrote, and what they were told when they read."""
        items = self.cloud.client("dynamodb").scan(TableName=self.out["Table"])["Items"]
        return {item["k"]["S"]: item.get("may", {}).get("S", "") for item in items}

    def send(self, queue: str, body: str, delay: int = 0) -> None:
        """Send a message to one of the stack's queues."""
        self.cloud.client("sqs").send_message(QueueUrl=self.out[queue], MessageBody=body, DelaySeconds=delay)

    def receive(self, hidden_seconds: int = 30) -> list[dict[str, str]]:
        """Receive what is visible of the orders."""
        sqs = self.cloud.client("sqs")
        found: list[dict[str, str]] = sqs.receive_message(
            QueueUrl=self.out["Orders"], VisibilityTimeout=hidden_seconds, MaxNumberOfMessages=10
        ).get("Messages", [])
        return found


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack's template."""
    file = tmp_path_factory.mktemp("shop") / "shop.json"
    file.write_text(json.dumps(SHOP))
    return file


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Cloud]]:
    """Makes a cloud whose tasks find this Python; its time is the wall's, and leaps where a test says so."""
    image = tmp_path_factory.mktemp("image") / "image.json"
    image.write_text(json.dumps({"path": str(ROOT / ".venv" / "bin")}))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LOCALPROCS_IMAGE", str(image))
        yield lambda source=None: Cloud(speed=1.0, python=str(PLUGINS_PYTHON), source=source)


@pytest.fixture(scope="module")
def other(start: Callable[..., Cloud], template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The second cloud, which knows the first by its file alone; what was then stands in ``then``."""
    file = tmp_path_factory.mktemp("saved") / "cloud.zip"
    with start() as cloud:
        cloud.clock.advance(26 * 3600)  # the other's time is not the machine's, either
        shop = Shop(cloud, cloud.deploy(template))
        cloud.client("s3").put_object(Bucket=shop.out["Papers"], Key="a", Body=b"paper")
        cloud.client("secretsmanager").put_secret_value(SecretId=shop.out["Key"], SecretString="newer")
        shop.send("Jobs", "job/1")
        assert shop.clock.until(lambda: shop.keys().get("job/1"), within=5 * MINUTE) == "AccessDeniedException"
        for body, hidden_seconds in (("held", 3600), ("hidden", 1200)):
            shop.send("Orders", body)
            (message,) = shop.receive(hidden_seconds)
            shop.out[body] = message["ReceiptHandle"]
        shop.send("Orders", "later", delay=900)
        cloud.save(file)
        saved_at = shop.clock.now()
    with start(file) as cloud:
        found = Shop(cloud, shop.out)
        assert 0 <= found.clock.now() - saved_at < 5 * MINUTE
        yield found


def test_what_was_put_there_is_there(other: Shop) -> None:
    """The table's rows, the object, the newest secret, the stack."""
    client = other.cloud.client
    assert other.keys()["job/1"] == "AccessDeniedException"
    assert client("s3").get_object(Bucket=other.out["Papers"], Key="a")["Body"].read() == b"paper"
    assert client("secretsmanager").get_secret_value(SecretId=other.out["Key"])["SecretString"] == "newer"
    (stack,) = client("cloudformation").describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_what_was_in_flight_comes_when_it_would_have(other: Shop) -> None:
    """One is deleted by the handle of before; the others come after what was left of their time."""
    other.cloud.client("sqs").delete_message(QueueUrl=other.out["Orders"], ReceiptHandle=other.out["held"])
    assert other.receive() == []
    other.clock.advance(600)
    assert other.receive() == []
    came: list[str] = []
    other.clock.until(lambda: came.extend(it["Body"] for it in other.receive(3600)) or len(came) == 2, within=3600)
    assert came == ["later", "hidden"]


def test_a_function_takes_from_its_queue_with_its_role(other: Shop) -> None:
    """What comes in the new cloud is worked on, and the role may no more than before."""
    other.send("Jobs", "job/2")
    assert other.clock.until(lambda: other.keys().get("job/2"), within=5 * MINUTE) == "AccessDeniedException"
