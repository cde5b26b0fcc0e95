"""What a role was granted, what it used, and the smallest policy that would have done."""

from typing import Any

from localprocs.iam.report import report

ROLE = "arn:aws:iam::1:role/r"
QUEUE, OTHER = "arn:aws:sqs:us-east-1:1:q", "arn:aws:sqs:us-east-1:1:other"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"], "Resource": QUEUE},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": OTHER},
    ],
}


def row(action: str, resource: str = QUEUE, *, allowed: bool = True, role: str = ROLE) -> dict[str, Any]:
    """A row of the record."""
    return {"role": role, "action": action, "resource": resource, "allowed": allowed}


ROWS = [
    row("sqs:SendMessage"),
    row("sqs:DeleteMessage", allowed=False),
    row("sqs:SendMessage", OTHER, allowed=False),
    row("s3:GetObject", "arn:aws:s3:::b/k", role="arn:aws:iam::1:role/another"),
]


def test_what_was_used_and_not_granted_and_the_other_way_round() -> None:
    """By this role alone; denials grant nothing."""
    found = report(ROLE, {"p": POLICY}, ROWS)
    assert found.used_not_granted == [("sqs:DeleteMessage", QUEUE), ("sqs:SendMessage", OTHER)]
    assert found.granted_not_used == [("p[0]", "sqs:ReceiveMessage", QUEUE), ("p[1]", "s3:*", "*")]


def test_the_smallest_policy_allows_what_was_asked_for() -> None:
    """And nothing else; the difference can be read line by line."""
    found = report(ROLE, {"p": POLICY}, ROWS)
    assert found.smallest["Statement"] == [
        {"Effect": "Allow", "Action": ["sqs:DeleteMessage", "sqs:SendMessage"], "Resource": QUEUE},
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": OTHER},
    ]
    lines = [line.replace(" ", "") for line in found.diff.splitlines()]
    assert '-"Action":"s3:*",' in lines
    assert '+"sqs:DeleteMessage",' in lines


def test_a_role_that_asked_for_nothing_needs_nothing() -> None:
    """All of it is unused."""
    found = report(ROLE, {"p": POLICY}, [])
    assert found.smallest["Statement"] == []
    assert len(found.granted_not_used) == 3
