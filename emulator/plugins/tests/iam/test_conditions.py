"""Condition operators."""

import pytest
from localprocs.iam.conditions import UnknownOperator, fill, hold, like

CONTEXT = {
    "aws:sourceaccount": ("111",),
    "dynamodb:leadingkeys": ("slot#1", "bucket#a"),
    "aws:securetransport": ("true",),
    "aws:epochtime": ("1700000000",),
    "aws:currenttime": ("2023-11-14T22:13:20+00:00",),
    "aws:sourceip": ("10.1.2.3",),
}


@pytest.mark.parametrize(
    ("operator", "key", "expected", "holds"),
    [
        ("StringEquals", "aws:SourceAccount", "111", True),
        ("StringEquals", "aws:SourceAccount", ["222", "111"], True),
        ("StringEquals", "aws:SourceAccount", "222", False),
        ("StringEquals", "aws:absent", "x", False),
        ("StringNotEquals", "aws:SourceAccount", "222", True),
        ("StringNotEquals", "aws:absent", "x", True),
        ("StringEqualsIfExists", "aws:absent", "x", True),
        ("StringEqualsIfExists", "aws:SourceAccount", "222", False),
        ("StringLike", "aws:SourceAccount", "1*", True),
        ("StringLike", "aws:SourceAccount", "1?1", True),
        ("StringNotLike", "aws:SourceAccount", "1*", False),
        ("ForAllValues:StringLike", "dynamodb:LeadingKeys", ["slot#*", "bucket#*"], True),
        ("ForAllValues:StringLike", "dynamodb:LeadingKeys", ["slot#*"], False),
        ("ForAllValues:StringLike", "dynamodb:absent", ["slot#*"], True),
        ("ForAnyValue:StringLike", "dynamodb:LeadingKeys", ["slot#*"], True),
        ("ForAnyValue:StringLike", "dynamodb:absent", ["slot#*"], False),
        ("Bool", "aws:SecureTransport", "false", False),
        ("Bool", "aws:SecureTransport", True, True),
        ("Null", "aws:absent", "true", True),
        ("Null", "aws:SourceAccount", "true", False),
        ("NumericLessThan", "aws:EpochTime", "1700000001", True),
        ("DateGreaterThan", "aws:CurrentTime", "2023-01-01T00:00:00+00:00", True),
        ("DateGreaterThan", "aws:CurrentTime", "2024-01-01T00:00:00+00:00", False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", True),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", False),
        ("ArnLike", "aws:SourceAccount", "*", True),
    ],
)
def test_a_condition_holds_as_iam_says(operator, key, expected, holds):
    """Each operator, with and without the key."""
    assert hold({operator: {key: expected}}, CONTEXT) is holds


def test_all_conditions_must_hold():
    """Operators and keys are joined by and."""
    both = {"StringEquals": {"aws:SourceAccount": "111"}, "Bool": {"aws:SecureTransport": "false"}}

    assert not hold(both, CONTEXT)


def test_an_unknown_operator_is_not_passed_over():
    """What is not understood cannot allow."""
    with pytest.raises(UnknownOperator):
        hold({"StringSounds": {"aws:SourceAccount": "111"}}, CONTEXT)


def test_only_star_and_question_mark_are_wildcards():
    """A bracket in a name is a bracket."""
    assert like("a[1]*", "a[1]b")
    assert not like("a[1]*", "a1b")


def test_a_policy_variable_is_the_requests_value():
    """An absent one makes the text unusable."""
    assert fill("arn:${aws:SourceAccount}:${*}", CONTEXT) == "arn:111:*"
    assert fill("arn:${aws:username}", CONTEXT) is None
