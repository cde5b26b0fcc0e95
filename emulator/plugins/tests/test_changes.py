"""Whoever shows the cloud looks again when something happened, and not because somebody waits in vain."""

from typing import Any

import pytest
from localprocs.changes import is_change


@pytest.mark.parametrize(
    ("operation", "status", "answer", "expected"),
    [
        ("SendMessage", 200, {"MessageId": "1"}, True),
        ("ReceiveMessage", 200, {"Messages": [{"Body": "x"}]}, True),
        ("ReceiveMessage", 200, {}, False),
        ("ReceiveMessage", 200, {"Messages": []}, False),
        ("PutItem", 200, {}, True),
        ("UpdateItem", 400, {}, False),
        ("DescribeTasks", 200, {"tasks": []}, False),
        ("GetMetricData", 200, {}, False),
    ],
)
def test_what_counts_as_a_change(operation: str, status: int, answer: dict[str, Any], *, expected: bool) -> None:
    """What looks, fails, or receives nothing leaves all as it was."""
    assert is_change(operation, status, answer) is expected
