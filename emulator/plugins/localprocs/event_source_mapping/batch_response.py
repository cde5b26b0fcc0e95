"""What a function's answer says of its batch, by AWS's rules for ReportBatchItemFailures."""

import json
from collections.abc import Set as AbstractSet
from typing import Any


def failed_ids(answer: bytes, batch: AbstractSet[str]) -> AbstractSet[str]:
    """Return the ids of the messages to leave in the queue: none, the reported ones, or all where the answer is wrong.

    Source: the Lambda guide, "Implementing partial batch responses". Nothing reported (null, an empty object, a null
    or empty list) is success; text that is no JSON, an item without its identifier, an empty one, or one that is not
    in the batch, is failure of the whole batch.
    """
    try:
        response = json.loads(answer or b"null")
    except ValueError:
        return batch
    if not response:
        return frozenset()
    if not isinstance(response, dict):
        return batch
    reported = response.get("batchItemFailures") or []
    if not isinstance(reported, list):
        return batch
    ids = [_identifier(item) for item in reported]
    return frozenset(ids) if all(each in batch for each in ids) else batch


def _identifier(item: Any) -> str:
    value = item.get("itemIdentifier") if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""
