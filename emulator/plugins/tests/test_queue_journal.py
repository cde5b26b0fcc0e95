"""Of all that a queue was ever sent, whoever looks is given as little as he asks for."""

from typing import Any

import pytest
from localprocs.queue_journal import chosen
from localstack.services.sqs.models import StandardQueue


@pytest.fixture
def sent() -> list[tuple[int, Any]]:
    """Six messages with their numbers; the third is gone."""
    queue: Any = StandardQueue("jobs", "us-east-1", "000000000000", {})
    messages = [queue.put({"MessageId": f"m{number}", "Body": "{}"}) for number in range(6)]
    messages[2].deleted = True
    return list(enumerate(messages))


@pytest.mark.parametrize(
    ("asked", "numbers", "count"),
    [
        ({}, [0, 1, 2, 3, 4, 5], 6),
        ({"last": "2"}, [4, 5], 6),
        ({"last": "2", "until": "-2"}, [2, 3], 4),
        ({"last": "2", "until": "2"}, [0, 1], 2),
        ({"last": "9", "until": "-9"}, [], 0),
        ({"held": "1", "first": "1"}, [0], 5),
        ({"held": "1", "last": "4"}, [1, 3, 4, 5], 5),
        ({"message": "m1,m4,m9"}, [1, 4], 2),
        ({"message": "m2", "held": "1"}, [], 0),
        ({"last": "all", "until": "", "message": ""}, [0, 1, 2, 3, 4, 5], 6),
    ],
)
def test_a_part_of_the_journal_is_told(
    sent: list[tuple[int, Any]], asked: dict[str, str], numbers: list[int], count: int
) -> None:
    """By its place, by its ids, by whether the queue has it; and how many there were to choose from."""
    some, of = chosen(sent, asked)

    assert ([number for number, _ in some], of) == (numbers, count)
