"""The record of calls."""

import json

from localprocs.iam.policy import Access, Decision
from localprocs.iam.record import CallRecord

ALLOWED = Decision(True, "allowed", ("p[0]",))


def test_a_call_is_written_once_and_counted(tmp_path):
    """The file and the record stay small, however long the run."""
    record = CallRecord(tmp_path / "calls.jsonl")
    for number in range(3):
        context = {"dynamodb:leadingkeys": (f"job#{number}",)}
        record.add("arn:role", Access("dynamodb:GetItem", "arn:table", context), ALLOWED)

    (row,) = record.rows()
    (line,) = (tmp_path / "calls.jsonl").read_text().splitlines()

    assert row["count"] == 3
    assert row["context"] == {"dynamodb:leadingkeys": ["job#"]}
    assert json.loads(line)["statements"] == ["p[0]"]


def test_the_same_call_answered_otherwise_is_another_row():
    """A refusal is not hidden behind calls that were let through before."""
    record = CallRecord()
    record.add("arn:role", Access("sqs:SendMessage", "q"), ALLOWED)
    record.add("arn:role", Access("sqs:SendMessage", "q"), Decision(False, "because"))

    assert [row["allowed"] for row in record.rows()] == [True, False]
