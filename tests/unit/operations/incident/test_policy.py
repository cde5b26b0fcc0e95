"""The policy for capturing names what the templates make."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from emulator.harness.places import ROOT
from huntaze_scraper import names

SNAPSHOTS = ROOT / "tests" / "unit" / "infra" / "snapshots"
POLICY = json.loads((ROOT / "docs" / "incident-capture-policy.json").read_text())


def made() -> Iterator[str]:
    """Yield the ARNs of what is read, as CloudFormation names it where the template does not."""
    for stack in (names.QUEUES_STACK, names.LIMITER_STACK, names.SCRAPER_STACK):
        template = json.loads((SNAPSHOTS / f"{stack.removeprefix('Huntaze')}.json").read_text())
        for logical, resource in template["Resources"].items():
            if resource["Type"] == "AWS::DynamoDB::Table":
                yield f"arn:aws:dynamodb:eu-west-1:1:table/{stack}-{logical}-0ABC"
            if resource["Type"] == "AWS::S3::Bucket" and logical.startswith("ResultsBucket"):
                yield f"arn:aws:s3:::{stack.lower()}-{logical.lower()}-0abc/results/anna/x.json"
            if resource["Type"] == "AWS::SQS::Queue" and "dlq" in (name := resource["Properties"]["QueueName"]):
                yield f"arn:aws:sqs:eu-west-1:1:{name}"
    for group in (names.LIMITER_LOGS, names.SCRAPER_LOGS):
        yield f"arn:aws:logs:eu-west-1:1:log-group:{group}:log-stream:x"
    yield f"arn:aws:lambda:eu-west-1:1:function:{names.LIMITER_FUNCTION}"
    yield f"arn:aws:ecs:eu-west-1:1:service/{names.CLUSTER}/{names.SERVICE}"
    yield f"arn:aws:ecs:eu-west-1:1:task/{names.CLUSTER}/0abc"


def patterns(statement: dict[str, Any]) -> list[str]:
    named = statement["Resource"]
    return [named] if isinstance(named, str) else named


def test_the_policy_names_what_is_deployed() -> None:
    """Each table, queue, bucket, log group and service that is read has its pattern, and each pattern something to read."""
    known = {it for statement in POLICY["Statement"] for it in patterns(statement)} - {"*"}
    arns = list(made())
    assert len(arns) >= 10
    for arn in arns:
        assert any(fnmatchcase(arn, it) for it in known), arn
    tables = [it for it in known if ":dynamodb:" in it or ":s3:" in it]
    assert all(any(fnmatchcase(arn, it) for arn in arns) for it in tables)


def test_the_policy_changes_nothing_and_reads_no_secret() -> None:
    """Its actions read, but for the two by which dead letters are looked at and put back; sessions are left out."""
    actions = {it for statement in POLICY["Statement"] for it in _actions(statement)}
    reading = ("Describe", "Get", "List", "Filter", "Query", "BatchGet", "Decrypt")
    changing = {it for it in actions if not it.partition(":")[2].startswith(reading)}
    assert changing == {"sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"}
    (items,) = [it for it in POLICY["Statement"] if "dynamodb:BatchGetItem" in _actions(it)]
    keys = items["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert not any(fnmatchcase("session#anna", it) for it in keys)


def _actions(statement: dict[str, Any]) -> list[str]:
    named = statement["Action"]
    return [named] if isinstance(named, str) else named
