"""For whom a service takes a role on is told as AWS tells it."""

from types import SimpleNamespace
from typing import Any

import pytest
from localprocs.iam.guard import Guard, principals, source_arn
from localprocs.iam.policy import trusts
from localstack.services.stepfunctions.backend.store import sfn_stores

ROLE = "arn:aws:iam::111111111111:role/r"
FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:f"


def call(**told: str) -> Any:
    """Stand for a service's AssumeRole."""
    return SimpleNamespace(
        operation=SimpleNamespace(name="AssumeRole"),
        internal_request_params=told,
        service_request={"RoleArn": ROLE},
        region="us-east-1",
        account_id="111111111111",
    )


@pytest.mark.parametrize(
    ("told", "arn"),
    [
        ({"service_principal": "lambda", "source_arn": FUNCTION}, FUNCTION),
        ({"service_principal": "states"}, "arn:aws:states:us-east-1:111111111111:stateMachine:*"),
        ({"service_principal": "pipes"}, "arn:aws:pipes:us-east-1:111111111111:*"),
    ],
)
def test_a_service_names_what_it_works_for(told: dict[str, str], arn: str) -> None:
    """Or, where it does not, anything of its in the account and region."""
    assert source_arn(call(**told)) == arn


@pytest.mark.parametrize(
    ("machines", "arn"), [("a", "stateMachine:a"), ("ab", "stateMachine:*"), ("", "stateMachine:*")]
)
def test_a_state_machine_is_known_by_its_role(monkeypatch: pytest.MonkeyPatch, machines: str, arn: str) -> None:
    """If it is the only one that runs as it."""
    prefix = "arn:aws:states:us-east-1:111111111111:"
    known = {name: SimpleNamespace(arn=f"{prefix}stateMachine:{name}", role_arn=ROLE) for name in machines}
    known["other"] = SimpleNamespace(arn=f"{prefix}stateMachine:other", role_arn="another")
    monkeypatch.setattr(sfn_stores["111111111111"]["us-east-1"], "state_machines", known)
    assert source_arn(call(service_principal="states")) == f"{prefix}{arn}"


@pytest.mark.parametrize(
    ("wanted", "is_trusted"),
    [
        ("arn:aws:states:us-east-1:111111111111:stateMachine:*", True),
        ("arn:aws:states:us-east-1:111111111111:*", True),
        ("arn:aws:states:*:111111111111:*", True),
        ("arn:aws:states:us-east-1:222222222222:*", False),
        ("arn:aws:states:us-east-1:111111111111:stateMachine:m", False),
    ],
)
def test_a_trust_policy_can_ask_for_the_account(wanted: str, is_trusted: bool) -> None:
    """A single state machine that it asks for cannot be told from others."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnLike": {"aws:SourceArn": wanted}, "StringEquals": {"aws:SourceAccount": "111111111111"}},
    }
    known = {"aws:sourcearn": (source_arn(call(service_principal="states")),), "aws:sourceaccount": ("111111111111",)}
    assert trusts({"Statement": statement}, principals("states", "us-east-1"), known) == is_trusted


@pytest.mark.parametrize(
    ("service", "named", "is_trusted"),
    [
        ("logs", "logs.amazonaws.com", True),
        ("logs", "logs.us-east-1.amazonaws.com", True),
        ("logs", "logs.eu-west-1.amazonaws.com", False),
        ("states", "states.us-east-1.amazonaws.com", True),
        ("lambda", "lambda.us-east-1.amazonaws.com", False),
    ],
)
def test_some_services_are_trusted_by_their_regions_name_too(service: str, named: str, is_trusted: bool) -> None:
    """Of the region where they ask."""
    trust = {"Statement": {"Effect": "Allow", "Principal": {"Service": named}, "Action": "sts:AssumeRole"}}
    assert trusts(trust, principals(service, "us-east-1"), {}) == is_trusted


def test_a_service_that_delivers_is_not_asked_for_a_policy() -> None:
    """A difference from AWS: SNS sends to a queue whose policy does not name it."""
    delivery = SimpleNamespace(
        service=SimpleNamespace(service_name="sqs"),
        operation=SimpleNamespace(name="SendMessage"),
        request=SimpleNamespace(headers={}, args={}),
        internal_request_params={"service_principal": "sns", "source_arn": "arn:aws:sns:us-east-1:111111111111:t"},
        account_id="111111111111",
    )
    guard: Any = Guard({})
    guard(None, delivery, None)
    assert guard.record.rows() == []
