"""A received message: what goes on, and what can never be carried out."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.queues.attributes import ADDED_BYTES
from huntaze_scraper.queues.limits import MAX_MESSAGE_BYTES
from tests.unit.rate_limiter.records import SENT_AT, arrival, payload, text


def test_a_record_is_read_as_lambda_writes_it() -> None:
    """Ids, counts, the queue's own time."""
    it = arrival(message_id="m", receive_count=7)

    assert (it.message_id, it.receipt_handle, it.receive_count, it.sent_at) == ("m", "handle of m", 7, SENT_AT)
    assert it.job().payload == payload()


@pytest.mark.requirement("2.3")
def test_attributes_of_every_type_are_kept() -> None:
    """Text, numbers, bytes, custom types."""
    it = arrival(
        attributes={
            "trace": text("abc"),
            "count": text("17", "Number"),
            "blob": {"dataType": "Binary.gzip", "binaryValue": base64.b64encode(b"\x00\xff").decode()},
        }
    )

    assert it.kept_attributes == {
        "trace": {"DataType": "String", "StringValue": "abc"},
        "count": {"DataType": "Number", "StringValue": "17"},
        "blob": {"DataType": "Binary.gzip", "BinaryValue": b"\x00\xff"},
    }


@pytest.mark.requirement("2.4")
def test_an_original_attribute_named_as_one_of_ours_gives_way() -> None:
    """Nobody else says when the limiter let a message go."""
    it = arrival(attributes={"tokens_remaining": text("99", "Number"), "trace": text("abc")})

    assert it.kept_attributes.keys() == {"trace"}


@pytest.mark.parametrize("count", [7, 8, 10])
def test_more_attributes_than_leave_room_for_ours_are_refused(count: int) -> None:
    """SQS takes ten; a message that would lose one of its own is set aside instead."""
    it = arrival(attributes={f"name-{n}": text("x") for n in range(count)})

    if count == 7:
        it.job()
    else:
        with pytest.raises(InvalidJob, match=f"{count} message attributes"):
            it.job()


def test_attributes_that_give_way_take_no_room() -> None:
    """A message that came through the limiter before can come again, and be marked as a replay."""
    added = ("rate_limit_timestamp", "tokens_remaining", "rate_limiter_version", "replay")
    own = {name: text("x") for name in added[1:]}

    arrival(attributes={**own, **{f"name-{n}": text("x") for n in range(7)}}).job()


def test_body_and_attributes_must_leave_room_for_ours() -> None:
    """SQS counts both: 256 KiB in all."""
    room = MAX_MESSAGE_BYTES - ADDED_BYTES
    size = len(json.dumps(payload()).encode()) + len("data") + len("String")

    arrival(attributes={"data": text("x" * (room - size))}).job()
    with pytest.raises(InvalidJob, match="no room"):
        arrival(attributes={"data": text("x" * (room - size + 1))}).job()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no JSON",
        "[]",
        "null",
        json.dumps(payload(action="dance")),
        json.dumps({key: value for key, value in payload().items() if key != "message_content"}),
        json.dumps(payload(message_content="x" * 300_000)),
        "[" * 100_000,
    ],
    ids=lambda body: str(body)[:20],
)
def test_what_is_no_job_is_refused(body: str | Mapping[str, Any]) -> None:
    """Not JSON, against the schema, too large, too deep."""
    with pytest.raises(InvalidJob):
        arrival(body).job()


def test_a_replay_is_marked_by_an_attribute() -> None:
    """Whatever its value; the mark stays behind."""
    marked = arrival(attributes={"replay": text("2025-06-01")})

    assert marked.is_replay
    assert marked.kept_attributes == {}
    assert not arrival().is_replay
