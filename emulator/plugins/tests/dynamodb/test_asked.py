"""Answers tell of capacity and collections only who asks for them."""

from typing import Any

import pytest
from localprocs.dynamodb import asked

ANSWER = {"UnprocessedItems": {}, "ConsumedCapacity": [{"TableName": "t"}], "ItemCollectionMetrics": {}}


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({}, {"UnprocessedItems"}),
        ({"ReturnConsumedCapacity": "NONE"}, {"UnprocessedItems"}),
        ({"ReturnConsumedCapacity": "TOTAL"}, {"UnprocessedItems", "ConsumedCapacity"}),
        ({"ReturnItemCollectionMetrics": "SIZE"}, {"UnprocessedItems", "ItemCollectionMetrics"}),
    ],
)
def test_what_is_not_asked_for_is_not_told(request_: Any, told: set[str]) -> None:
    """And an answer that is kept for a token stays whole."""
    kept: Any = dict(ANSWER)
    context: Any = None
    assert set(asked.only(lambda _context, _request: kept)(context, request_)) == told
    assert kept == ANSWER
