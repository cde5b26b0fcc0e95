"""What each role may do: written out in full, so that any grant more or less shows here."""

from collections.abc import Iterator

import pytest

from tests.unit.infra.template import Assembly, Json, listed, text

KNOW_NO_RESOURCE = {"cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"}


def _statements(assembly: Assembly, stack: str, role: str) -> list[Json]:
    roles = assembly[stack].of_type("AWS::IAM::Role")
    (body,) = [it for name, it in roles.items() if role in name]
    return [
        statement for policy in body["Properties"]["Policies"] for statement in policy["PolicyDocument"]["Statement"]
    ]


def _granted(statements: list[Json]) -> dict[str, set[str]]:
    """Return the resources by action, each shortened to the name that it has in its own stack."""
    granted: dict[str, set[str]] = {}
    for statement in statements:
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                granted.setdefault(action, set()).add(_short(text(resource)))
    return granted


def _short(resource: str) -> str:
    known = ("IngressDlq", "Ingress", "WorkflowsDlq", "Workflows", "State", "Line", "Key", "Repository", "Credentials")
    for name in known:
        if f"GetAtt{name}" in resource or f"{{{name}" in resource:
            return name
    if "Results" in resource:
        return "Results" + resource.rpartition("}")[2]
    if "credentials/*" in resource:
        return "Credentials/*"
    return "Logs" if "Logs" in resource else resource


@pytest.mark.requirement("8.1")
def test_the_limiter_may_do_what_it_does(assembly: Assembly) -> None:
    """Take from ingress, send to workflows and the ingress DLQ, keep its items, log, count."""
    assert _granted(_statements(assembly, "RateLimiter", "LimiterRole")) == {
        "sqs:ReceiveMessage": {"Ingress"},
        "sqs:DeleteMessage": {"Ingress"},
        "sqs:GetQueueAttributes": {"Ingress"},
        "sqs:ChangeMessageVisibility": {"Ingress"},
        "sqs:SendMessage": {"Workflows", "IngressDlq"},
        "dynamodb:GetItem": {"State"},
        "dynamodb:PutItem": {"State", "Line"},
        "dynamodb:UpdateItem": {"State"},
        "dynamodb:DeleteItem": {"Line"},
        "dynamodb:Query": {"Line"},
        "logs:CreateLogStream": {"Logs"},
        "logs:PutLogEvents": {"Logs"},
        "cloudwatch:PutMetricData": {"*"},
        "kms:Decrypt": {"Key"},
        "kms:GenerateDataKey": {"Key"},
    }


@pytest.mark.requirement("8.2")
def test_the_scraper_may_do_what_it_does(assembly: Assembly) -> None:
    """Take from workflows, set aside in its DLQ, keep ledger and sessions, write results, read back parts, sign in, count."""
    assert _granted(_statements(assembly, "Scraper", "TaskRole")) == {
        "sqs:ReceiveMessage": {"Workflows"},
        "sqs:DeleteMessage": {"Workflows"},
        "sqs:ChangeMessageVisibility": {"Workflows"},
        "sqs:SendMessage": {"WorkflowsDlq"},
        "dynamodb:GetItem": {"State"},
        "dynamodb:UpdateItem": {"State"},
        "s3:PutObject": {"Results/results/*", "Results/progress/*"},
        "s3:GetObject": {"Results/progress/*"},
        "s3:AbortMultipartUpload": {"Results/results/*"},
        "secretsmanager:GetSecretValue": {"Credentials", "Credentials/*"},
        "cloudwatch:PutMetricData": {"*"},
        "kms:Decrypt": {"Key"},
        "kms:GenerateDataKey": {"Key"},
    }


def test_the_start_of_a_task_may_pull_and_log(assembly: Assembly) -> None:
    """The execution role: our repository, its log group; no secret is injected."""
    assert _granted(_statements(assembly, "Scraper", "ExecutionRole")) == {
        "ecr:BatchCheckLayerAvailability": {"Repository"},
        "ecr:BatchGetImage": {"Repository"},
        "ecr:GetDownloadUrlForLayer": {"Repository"},
        "ecr:GetAuthorizationToken": {"*"},
        "logs:CreateLogStream": {"Logs"},
        "logs:PutLogEvents": {"Logs"},
    }


@pytest.mark.requirement("8.5")
def test_the_rotation_may_touch_the_one_secret(assembly: Assembly) -> None:
    """No other secret, and nothing of the pipeline."""
    granted = _granted(_statements(assembly, "Scraper", "RotationFunctionRole"))
    assert {action for action in granted if action.startswith("secretsmanager:")} == {
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    }
    assert set().union(*granted.values()) == {"Credentials", "Key", "Logs"}


def _all_statements(assembly: Assembly) -> Iterator[tuple[str, Json]]:
    for stack, name, body in assembly.resources():
        assert body["Type"] not in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"), f"{stack} {name} hides a grant"
        if body["Type"] == "AWS::IAM::Role":
            assert "ManagedPolicyArns" not in body["Properties"], f"{stack} {name} has a policy written elsewhere"
            for policy in body["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield f"{stack} {name}", statement


@pytest.mark.requirement("8.1", "8.2")
def test_no_grant_is_a_bare_star_where_iam_allows_better(assembly: Assembly) -> None:
    """No wildcard in an action; a star for a resource only where the action knows none."""
    for where, statement in _all_statements(assembly):
        actions = set(listed(statement["Action"]))
        assert not any("*" in action for action in actions), where
        if "*" in listed(statement["Resource"]):
            assert actions <= KNOW_NO_RESOURCE, where


@pytest.mark.requirement("8.2")
def test_metrics_go_to_our_namespace_alone(assembly: Assembly) -> None:
    """PutMetricData knows no resource: a condition is the limit."""
    for where, statement in _all_statements(assembly):
        if "cloudwatch:PutMetricData" in listed(statement["Action"]):
            assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Huntaze/OnlyFans"}}, where


def test_each_role_reaches_its_own_items_alone(assembly: Assembly) -> None:
    """The limiter's items and the scraper's share a table and no key."""
    keys: list[set[str]] = []
    for where, statement in _all_statements(assembly):
        if "dynamodb:GetItem" in listed(statement["Action"]):
            condition = statement["Condition"]["ForAllValues:StringLike"]
            assert all(it.endswith("#*") for it in condition["dynamodb:LeadingKeys"]), where
            keys.append(set(condition["dynamodb:LeadingKeys"]))
    limiter, scraper = keys
    assert not limiter & scraper


def test_the_key_is_used_through_services_alone(assembly: Assembly) -> None:
    """No role may decrypt by itself what it got hold of."""
    for where, statement in _all_statements(assembly):
        if any(action.startswith("kms:") for action in listed(statement["Action"])):
            assert listed(statement["Condition"]["StringEquals"]["kms:ViaService"]), where


def test_services_assume_roles_for_this_account_alone(assembly: Assembly) -> None:
    """No other account can aim a service at our roles."""
    for stack, name, body in assembly.resources():
        if body["Type"] == "AWS::IAM::Role":
            (trust,) = body["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, (
                f"{stack} {name}"
            )
