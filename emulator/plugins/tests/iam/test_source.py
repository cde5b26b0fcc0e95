"""For whom a service takes a role on is told as AWS tells it."""

from types import SimpleNamespace
from typing import Any

import pytest
from localprocs.iam.guard import source_arn
from localprocs.iam.policy import trusts

FUNCTION = "arn:aws:lambda:us-east-1:111:function:f"


def call(**told: str) -> Any:
    """Stand for a service's AssumeRole."""
    return SimpleNamespace(
        operation=SimpleNamespace(name="AssumeRole"), internal_request_params=told, region="us-east-1", account_id="111"
    )


@pytest.mark.parametrize(
    ("told", "arn"),
    [
        ({"service_principal": "lambda", "source_arn": FUNCTION}, FUNCTION),
        ({"service_principal": "states"}, "arn:aws:states:us-east-1:111:stateMachine:*"),
        ({"service_principal": "pipes"}, "arn:aws:pipes:us-east-1:111:*"),
    ],
)
def test_a_service_names_what_it_works_for(told: dict[str, str], arn: str) -> None:
    """Or, where it does not, anything of its in the account and region."""
    assert source_arn(call(**told)) == arn


@pytest.mark.parametrize(
    ("wanted", "is_trusted"),
    [
        ("arn:aws:states:us-east-1:111:stateMachine:*", True),
        ("arn:aws:states:us-east-1:111:*", True),
        ("arn:aws:states:*:111:*", True),
        ("arn:aws:states:us-east-1:222:*", False),
        ("arn:aws:states:us-east-1:111:stateMachine:m", False),
    ],
)
def test_a_trust_policy_can_ask_for_the_account(wanted: str, is_trusted: bool) -> None:
    """A single state machine that it asks for cannot be told from others."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnLike": {"aws:SourceArn": wanted}, "StringEquals": {"aws:SourceAccount": "111"}},
    }
    known = {"aws:sourcearn": (source_arn(call(service_principal="states")),), "aws:sourceaccount": ("111",)}
    assert trusts({"Statement": statement}, "states.amazonaws.com", known) == is_trusted
