"""Boundaries and session policies limit what a role's policies grant."""

from typing import Any

import pytest
from localprocs.iam.policy import Access, Principal, decide
from localprocs.iam.simulation import simulate

CALLER = Principal("arn:aws:iam::1:role/r", "arn:aws:sts::1:assumed-role/r/s")
SEND = Access("sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q")
ALL = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
S3_ALONE = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
NO_SENDING = {"Statement": [ALL["Statement"], {"Effect": "Deny", "Action": "sqs:Send*", "Resource": "*"}]}


@pytest.mark.parametrize("name", ["permissions boundary", "session policy"])
@pytest.mark.parametrize(
    ("limit", "is_allowed", "said"),
    [
        (ALL, True, "allowed"),
        (S3_ALONE, False, "because no {} allows the sqs:SendMessage action"),
        (NO_SENDING, False, "explicit deny"),
    ],
)
def test_a_limit_must_allow_it_as_well(name: str, limit: Any, is_allowed: bool, said: str) -> None:
    """And AWS says which does not."""
    decision = decide(CALLER, SEND, {"p": ALL}, None, {name: limit})
    assert decision.is_allowed == is_allowed
    assert said.format(name) in decision.reason


def test_a_limit_grants_nothing() -> None:
    """Whatever it allows."""
    assert not decide(CALLER, SEND, {}, None, {"permissions boundary": ALL}).is_allowed


def test_a_simulation_answers_as_a_call_would_be() -> None:
    """For each action and resource, with conditions, boundaries and what is given to try."""
    policy = {
        "Statement": {
            "Effect": "Allow",
            "Action": ["sqs:*", "s3:GetObject"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        }
    }
    request = {
        "ActionNames": ["sqs:SendMessage", "s3:GetObject", "s3:PutObject"],
        "ResourceArns": ["arn:aws:sqs:us-east-1:1:q"],
        "ContextEntries": [{"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": ["us-east-1"]}],
    }

    def decisions(asked: Any, **limits: Any) -> list[str]:
        return [it["EvalDecision"] for it in simulate(asked, CALLER, {"p": policy}, limits)]

    assert decisions(request) == ["allowed", "allowed", "implicitDeny"]
    assert decisions({**request, "ContextEntries": []}) == ["implicitDeny"] * 3
    assert decisions(request, boundary=S3_ALONE) == ["implicitDeny", "allowed", "implicitDeny"]
    assert decisions(request, boundary=NO_SENDING) == ["explicitDeny", "allowed", "implicitDeny"]
    more = '{"Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}'
    assert decisions({**request, "PolicyInputList": [more]}) == ["allowed"] * 3
