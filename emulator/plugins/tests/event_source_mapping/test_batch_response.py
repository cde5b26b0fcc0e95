"""AWS's rules for partial batch responses."""

import json

import pytest
from localprocs.event_source_mapping.batch_response import failed_ids

BATCH = frozenset({"a", "b"})


@pytest.mark.parametrize("answer", [b"", b"null", b"{}", b'{"batchItemFailures": []}', b'{"batchItemFailures": null}'])
def test_nothing_reported_is_success(answer):
    """An empty answer of any form lets the whole batch be deleted."""
    assert failed_ids(answer, BATCH) == frozenset()


@pytest.mark.parametrize(
    "items",
    [[{"itemIdentifier": ""}], [{"itemIdentifier": None}], [{"id": "a"}], [{"itemIdentifier": "c"}], ["a"]],
)
def test_an_item_that_names_no_message_fails_the_batch(items):
    """A wrong item must not lose the message that was meant."""
    assert failed_ids(json.dumps({"batchItemFailures": items}).encode(), BATCH) == BATCH


@pytest.mark.parametrize("answer", [b"no json", b'"text"', b"[1]", b'{"batchItemFailures": "a"}'])
def test_an_answer_of_another_form_fails_the_batch(answer):
    """What cannot be understood is no success."""
    assert failed_ids(answer, BATCH) == BATCH


def test_only_the_reported_messages_stay():
    """The others are deleted."""
    assert failed_ids(b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', BATCH) == {"b"}
