"""Messages that are sent while the clock stands still."""

import time
from typing import Any

import pytest
from localprocs.queue_kinds import FifoQueue, StandardQueue


@pytest.fixture(autouse=True)
def _standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_000_000.0)


def test_a_fifo_queue_gives_them_out_in_order() -> None:
    """However many they are."""
    queue: Any = FifoQueue("q.fifo", "us-east-1", "000000000000", {"FifoQueue": "true"})
    sent = [str(number) for number in range(50)]
    for body in sent:
        queue.put({"MessageId": body, "Body": body}, message_group_id="g", message_deduplication_id=body)
    got = queue.receive(num_messages=50).successful
    assert [it.message["Body"] for it in got] == sent


def test_a_standard_queue_gives_them_out_at_once() -> None:
    """Without a delay there is nothing to wait for."""
    queue: Any = StandardQueue("q", "us-east-1", "000000000000")
    queue.put({"MessageId": "1", "Body": "1"})
    assert len(queue.receive(num_messages=10).successful) == 1
