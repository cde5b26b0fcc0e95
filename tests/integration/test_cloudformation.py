"""Stacks: what a template changes changes, what it names no longer goes."""

import copy
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.harness.clients import Clients
from tests.patience import until

TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}


def policy(action: str) -> dict[str, Any]:
    """Return a role's inline policy."""
    statement = {"Effect": "Allow", "Action": action, "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}
    return {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": [policy("sqs:SendMessage")]},
        },
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Cpu": "256",
                "Memory": "512",
                "NetworkMode": "awsvpc",
                "RequiresCompatibilities": ["FARGATE"],
                "ContainerDefinitions": [
                    {"Name": "c", "Image": "x/y:1", "Environment": [{"Name": "QUEUE", "Value": {"Ref": "Queue"}}]}
                ],
            },
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "ComparisonOperator": "GreaterThanThreshold",
                "EvaluationPeriods": 1,
                "MetricName": "m",
                "Namespace": "n",
                "Period": 60,
                "Statistic": "Sum",
                "Threshold": 1,
            },
        },
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "GenerateSecretString": {
                    "SecretStringTemplate": '{"username": "u"}',
                    "GenerateStringKey": "password",
                    "PasswordLength": 20,
                    "ExcludePunctuation": True,
                }
            },
        },
    },
    "Outputs": {name: {"Value": {"Ref": name}} for name in ("Queue", "Role", "Logs", "Task", "Alarm", "Secret")},
}


class Stack:
    """A stack under test."""

    def __init__(self, emulator: Clients) -> None:
        """Choose a name."""
        self.emulator, self.name = emulator, f"stack-{uuid4().hex[:8]}"
        self.template = copy.deepcopy(TEMPLATE)

    def create(self) -> dict[str, str]:
        """Create the stack and return its outputs."""
        self.emulator.cloudformation.create_stack(**self._arguments())
        return self._outputs("CREATE_COMPLETE")

    def update(self) -> dict[str, str]:
        """Update the stack and return its outputs."""
        self.emulator.cloudformation.update_stack(**self._arguments())
        return self._outputs("UPDATE_COMPLETE")

    def delete(self) -> None:
        """Delete the stack, if it is there."""
        self.emulator.cloudformation.delete_stack(StackName=self.name)
        until(lambda: self._status() is None, what="the end of the stack")

    def properties(self, name: str) -> dict[str, Any]:
        """Return a resource's properties, to be changed."""
        return dict.__getitem__(self.template["Resources"], name)["Properties"]  # type: ignore[no-any-return]

    def _arguments(self) -> Any:
        return {
            "StackName": self.name,
            "TemplateBody": json.dumps(self.template),
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }

    def _status(self) -> Any:
        try:
            return self.emulator.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError:
            return None

    def _outputs(self, status: str) -> dict[str, str]:
        stack = until(
            lambda: found if not (found := self._status())["StackStatus"].endswith("IN_PROGRESS") else None,
            what="the end of the work",
        )
        assert stack["StackStatus"] == status
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


@pytest.fixture
def stack(emulator: Clients) -> Iterator[Stack]:
    """A stack, deleted at the end."""
    made = Stack(emulator)
    yield made
    made.delete()


def test_references_are_what_aws_returns(stack: Stack) -> None:
    """A name, a URL, an ARN: as the documentation of each type says."""
    found = stack.create()

    assert found["Queue"].startswith("http")
    assert found["Task"].endswith(":1")
    assert found["Secret"].startswith("arn:aws:secretsmanager:")
    assert stack.name in found["Role"]
    secret = json.loads(stack.emulator.secretsmanager.get_secret_value(SecretId=found["Secret"])["SecretString"])
    assert (secret["username"], len(secret["password"]), secret["password"].isalnum()) == ("u", 20, True)
    groups = stack.emulator.logs.describe_log_groups(logGroupNamePrefix=found["Logs"])["logGroups"]
    assert groups[0]["retentionInDays"] == 7


def test_an_update_changes_what_it_says_in_place(stack: Stack) -> None:
    """The resources stay; what follows from a changed one is not replaced for it."""
    before = stack.create()
    stack.properties("Queue")["VisibilityTimeout"] = 60
    stack.properties("Role")["Policies"] = [policy("sqs:ReceiveMessage")]
    stack.properties("Logs")["RetentionInDays"] = 30
    stack.properties("Alarm")["Threshold"] = 5
    stack.properties("Secret")["Description"] = "changed"

    after = stack.update()

    assert after == before
    clients = stack.emulator
    queue = clients.sqs.get_queue_attributes(QueueUrl=after["Queue"], AttributeNames=["VisibilityTimeout"])
    assert queue["Attributes"]["VisibilityTimeout"] == "60"
    document: Any = clients.iam.get_role_policy(RoleName=after["Role"], PolicyName="p")["PolicyDocument"]
    assert document["Statement"][0]["Action"] == "sqs:ReceiveMessage"
    assert clients.logs.describe_log_groups(logGroupNamePrefix=after["Logs"])["logGroups"][0]["retentionInDays"] == 30
    assert clients.cloudwatch.describe_alarms(AlarmNames=[after["Alarm"]])["MetricAlarms"][0]["Threshold"] == 5
    assert clients.secretsmanager.describe_secret(SecretId=after["Secret"])["Description"] == "changed"


def test_a_task_definition_is_replaced_by_its_next_revision(stack: Stack) -> None:
    """The old one goes inactive."""
    stack.properties("Task")["Family"] = stack.name
    before = stack.create()["Task"]
    stack.properties("Task")["ContainerDefinitions"][0]["Image"] = "x/y:2"

    after = stack.update()["Task"]

    assert (before[-2:], after[-2:]) == (":1", ":2")
    old = stack.emulator.ecs.describe_task_definition(taskDefinition=before)["taskDefinition"]
    assert old["status"] == "INACTIVE"


def test_what_the_template_names_no_longer_is_deleted(stack: Stack) -> None:
    """And the stack's end takes the rest."""
    found = stack.create()
    for part in ("Resources", "Outputs"):
        del stack.template[part]["Alarm"]
    stack.update()
    assert not stack.emulator.cloudwatch.describe_alarms(AlarmNames=[found["Alarm"]])["MetricAlarms"]

    stack.delete()

    with pytest.raises(ClientError):
        stack.emulator.iam.get_role(RoleName=found["Role"])
    with pytest.raises(ClientError):
        stack.emulator.sqs.get_queue_attributes(QueueUrl=found["Queue"])


def test_a_type_that_is_not_emulated_is_refused_by_name(stack: Stack) -> None:
    """Nothing is passed over in silence, and nothing begun."""
    stack.template["Resources"]["Unknown"] = {"Type": "AWS::Braket::Device", "Properties": {}}

    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::Braket::Device\].*emulator-types.md"):
        stack.create()

    assert stack._status() is None


def test_a_failed_update_leaves_what_was_before(stack: Stack) -> None:
    """A function that cannot be made takes what came with it back; the stack can be changed again."""
    before = stack.create()
    good = copy.deepcopy(stack.template)
    stack.properties("Queue")["VisibilityTimeout"] = 60
    code = {"S3Bucket": "nobody", "S3Key": "nothing"}
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    function = {"Role": role, "Runtime": "python3.13", "Handler": "a.b", "Code": code}
    stack.template["Resources"]["Function"] = {
        "Type": "AWS::Lambda::Function",
        "Properties": function,
        "DependsOn": "Queue",
    }
    stack.emulator.cloudformation.update_stack(**stack._arguments())

    assert stack._outputs("UPDATE_ROLLBACK_COMPLETE") == before
    queue = stack.emulator.sqs.get_queue_attributes(QueueUrl=before["Queue"], AttributeNames=["VisibilityTimeout"])
    assert queue["Attributes"]["VisibilityTimeout"] == "30"
    stack.template = good
    stack.properties("Queue")["VisibilityTimeout"] = 90
    assert stack.update() == before


def test_a_parameter_that_changes_a_name_replaces(stack: Stack) -> None:
    """The template stays the same; the new one is listed under its physical id, the old one is gone."""
    stack.template["Parameters"] = {"Word": {"Type": "String", "Default": "one"}}
    stack.properties("Logs")["LogGroupName"] = {"Fn::Sub": f"{stack.name}-${{Word}}"}
    stack.create()
    two: Any = [{"ParameterKey": "Word", "ParameterValue": "two"}]
    stack.emulator.cloudformation.update_stack(**stack._arguments(), Parameters=two)

    assert stack._outputs("UPDATE_COMPLETE")["Logs"] == f"{stack.name}-two"
    listed = stack.emulator.cloudformation.list_stack_resources(StackName=stack.name)["StackResourceSummaries"]
    assert {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}["Logs"] == f"{stack.name}-two"
    assert not stack.emulator.logs.describe_log_groups(logGroupNamePrefix=f"{stack.name}-one")["logGroups"]


def test_a_cluster_goes_with_its_service(stack: Stack) -> None:
    """The service's end waits for its tasks, so that the cluster can follow."""
    stack.template["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0]["Command"] = ["sleep", "9999"]
    stack.template["Resources"] |= {
        "Cluster": {"Type": "AWS::ECS::Cluster"},
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"},
        },
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "TaskDefinition": {"Ref": "Task"},
                "DesiredCount": 2,
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [{"Ref": "Subnet"}]}},
            },
        },
    }
    stack.template["Outputs"]["Cluster"] = {"Value": {"Ref": "Cluster"}}
    cluster = stack.create()["Cluster"]
    assert len(stack.emulator.ecs.list_tasks(cluster=cluster)["taskArns"]) == 2

    stack.delete()

    assert cluster not in str(stack.emulator.ecs.list_clusters()["clusterArns"])


def test_a_stacks_tags_are_its_own(stack: Stack) -> None:
    """Its resources have those that the template gives them."""
    stack.emulator.cloudformation.create_stack(**stack._arguments(), Tags=[{"Key": "team", "Value": "a"}])
    queue = stack._outputs("CREATE_COMPLETE")["Queue"]

    told = stack.emulator.cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]
    assert told["Tags"] == [{"Key": "team", "Value": "a"}]
    assert "Tags" not in stack.emulator.sqs.list_queue_tags(QueueUrl=queue)


def test_what_is_not_implemented_says_so(stack: Stack) -> None:
    """Never an empty success."""
    stack.create()

    with pytest.raises(ClientError):
        stack.emulator.cloudformation.detect_stack_drift(StackName=stack.name)
    with pytest.raises(ClientError):
        stack.emulator.cloudformation.continue_update_rollback(StackName=stack.name)
