"""Services that nobody here knows are evaluated by AWS's own reference."""

from typing import Any

import pytest
from localprocs.iam import reference
from localprocs.iam.accesses import Scope, accesses

SCOPE = {"Region": "us-east-1", "Account": "111"}
MACHINE = "arn:aws:states:us-east-1:111:stateMachine:m"


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("stepfunctions", "StartExecution", "states:StartExecution"),
        ("events", "PutEvents", "events:PutEvents"),
        ("dynamodbstreams", "GetRecords", "dynamodb:GetRecords"),
        ("resourcegroupstaggingapi", "GetResources", "tag:GetResources"),
        ("elbv2", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers"),
    ],
)
def test_actions_bear_the_names_that_policies_use(service: str, operation: str, action: str) -> None:
    """Not those that boto3 gives the services."""
    assert reference.action(service, operation) == action


@pytest.mark.parametrize(
    ("service", "operation", "request_", "arns"),
    [
        ("stepfunctions", "StartExecution", {"stateMachineArn": MACHINE, "input": "{}"}, [MACHINE]),
        ("stepfunctions", "CreateStateMachine", {"name": "m", "roleArn": "arn:aws:iam::111:role/r"}, [MACHINE]),
        ("stepfunctions", "SendTaskSuccess", {"taskToken": "t"}, ["*"]),
        ("stepfunctions", "ListStateMachines", {}, ["*"]),
        ("ssm", "GetParameter", {"Name": "/app/key"}, ["arn:aws:ssm:us-east-1:111:parameter/app/key"]),
        (
            "ssm",
            "GetParameters",
            {"Names": ["a", "/b/c"]},
            ["arn:aws:ssm:us-east-1:111:parameter/a", "arn:aws:ssm:us-east-1:111:parameter/b/c"],
        ),
        ("events", "PutEvents", {"Entries": [{"Source": "s"}]}, ["arn:aws:events:us-east-1:111:event-bus/default"]),
        (
            "events",
            "PutEvents",
            {"Entries": [{"EventBusName": "one"}, {"EventBusName": "arn:aws:events:us-east-1:111:event-bus/two"}]},
            ["arn:aws:events:us-east-1:111:event-bus/two"],
        ),
        ("kinesis", "PutRecord", {"StreamName": "s", "Data": "d"}, ["arn:aws:kinesis:us-east-1:111:stream/s"]),
        ("firehose", "PutRecord", {"DeliveryStreamName": "d"}, ["arn:aws:firehose:us-east-1:111:deliverystream/d"]),
        ("iam", "GetRole", {"RoleName": "r"}, ["arn:aws:iam::111:role/r"]),
        ("ec2", "DescribeInstances", {}, ["*"]),
        ("events", "NoSuchOperation", {"Name": "x"}, ["*"]),
    ],
)
def test_resources_are_found_in_a_request(
    service: str, operation: str, request_: dict[str, Any], arns: list[str]
) -> None:
    """ARNs as they are, names by the form of their ARNs; where neither tells, all of them."""
    assert reference.resources(service, operation, request_, SCOPE) == arns


def test_a_call_of_such_a_service_needs_the_action_on_its_resource() -> None:
    """As a policy names both."""
    cloud: Any = None
    (access,) = accesses(
        "stepfunctions", "StartExecution", {"stateMachineArn": MACHINE}, Scope("us-east-1", "111"), cloud
    )
    assert (access.action, access.resource) == ("states:StartExecution", MACHINE)


def test_a_role_that_is_handed_on_needs_no_permission() -> None:
    """A difference from AWS, which wants iam:PassRole on it."""
    cloud: Any = None
    request = {"name": "m", "roleArn": "arn:aws:iam::111:role/r", "definition": "{}"}
    needed = accesses("stepfunctions", "CreateStateMachine", request, Scope("us-east-1", "111"), cloud)
    assert [it.action for it in needed] == ["states:CreateStateMachine"]
