"""The awslogs driver."""

import io
import os
import threading

import pytest
from localprocs.ecs.errors import StartFailure
from localprocs.ecs.logs import BATCH_BYTES, BATCH_EVENTS, EVENT_OVERHEAD_BYTES, LINE_BYTES, LogShipper, LogTarget

TARGET = LogTarget("group", "us-east-1", "p/main/1")


def definition(**options):
    """A container definition that logs."""
    return {"name": "main", "logConfiguration": {"logDriver": "awslogs", "options": options}}


def shipped(text, target=TARGET):
    """The batches that an output makes."""
    batches = []
    LogShipper(io.BytesIO(text), target, batches.append).close(10)
    return batches


def test_the_stream_is_named_by_prefix_container_and_task():
    """As awslogs names it."""
    found = LogTarget.of(definition(**{"awslogs-group": "g", "awslogs-stream-prefix": "p"}), "1", "eu-west-1")

    assert found == LogTarget("g", "eu-west-1", "p/main/1")


def test_another_driver_or_none_ships_nothing():
    """There is no target then."""
    assert LogTarget.of({"name": "main"}, "1", "r") is None
    assert LogTarget.of({"name": "main", "logConfiguration": {"logDriver": "json-file"}}, "1", "r") is None


def test_a_missing_option_fails_the_task():
    """Fargate needs group and prefix."""
    with pytest.raises(StartFailure, match="awslogs-stream-prefix"):
        LogTarget.of(definition(**{"awslogs-group": "g"}), "1", "r")


def test_every_line_is_put_also_one_without_an_end():
    """Empty lines, which CloudWatch Logs refuses, are left out."""
    assert [event["message"] for batch in shipped(b"one\n\ntwo\r\nthree") for event in batch] == ["one", "two", "three"]


def test_bytes_that_are_not_text_are_replaced():
    """No line is lost for its encoding."""
    assert shipped(b"a\xffb\n")[0][0]["message"] == "a\ufffdb"


def test_a_long_line_is_cut_into_events():
    """Each within CloudWatch's limit, nothing lost between."""
    events = [event["message"] for batch in shipped(b"x" * (LINE_BYTES * 2 + 5) + b"\n") for event in batch]

    assert [len(each) for each in events] == [LINE_BYTES, LINE_BYTES, 5]


def test_a_flood_goes_in_batches_within_the_limits():
    """In number and in bytes, in order."""
    lines = [f"{number:>60}".encode() for number in range(25_000)]
    batches = shipped(b"\n".join(lines))

    assert [event["message"] for batch in batches for event in batch] == [line.decode() for line in lines]
    assert max(len(batch) for batch in batches) <= BATCH_EVENTS
    sizes = [sum(len(event["message"]) + EVENT_OVERHEAD_BYTES for event in batch) for batch in batches]
    assert max(sizes) <= BATCH_BYTES


def test_what_a_full_buffer_cannot_take_is_dropped_and_the_writer_never_waits():
    """The mode non-blocking, which is ECS's default."""
    target = LogTarget("group", "r", "s", buffer_bytes=1000)
    gate, batches = threading.Event(), []

    def put(batch):
        gate.wait(10)
        batches.append(batch)

    reading, writing = os.pipe()
    shipper = LogShipper(os.fdopen(reading, "rb"), target, put)
    with os.fdopen(writing, "wb") as pipe:
        for number in range(2000):
            pipe.write(b"%06d\n" % number)
    gate.set()
    shipper.close(10)

    assert 0 < sum(len(batch) for batch in batches) < 2000


def test_a_blocking_writer_loses_nothing():
    """The mode blocking."""
    target = LogTarget("group", "r", "s", blocking=True, buffer_bytes=1000)
    batches = shipped(b"line\n" * 2000, target)

    assert sum(len(batch) for batch in batches) == 2000


def test_a_batch_that_cannot_be_put_does_not_hold_up_the_next():
    """It is lost, and said so in the emulator's own log."""
    calls = []

    def put(batch):
        calls.append(batch)
        raise ConnectionError

    LogShipper(io.BytesIO(b"line\n"), TARGET, put).close(10)

    assert len(calls) == 1
