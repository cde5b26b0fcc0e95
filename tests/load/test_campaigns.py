"""The plan's loads through both real queues and the real limiter, without a scraper: what is forwarded stays there."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

import pytest
from localprocs.vclock import Clock

from emulator.harness.pipeline import Pipeline
from tests import invariants
from tests.patience import until

pytestmark = pytest.mark.timeout(600)
CREATORS = 50
LINED_UP_SECONDS = 120
"""Longer than sending and receiving all of them takes."""
MINUTE = 60


@pytest.fixture
def queues(pipeline: Pipeline) -> Iterator[Pipeline]:
    """The pipeline's front half."""
    with pipeline.without_scraper():
        yield pipeline


@pytest.mark.requirement("1.1", "1.3", "1.4")
def test_500_messages_at_once_are_all_forwarded_once_at_the_rate(queues: Pipeline, clock: Clock) -> None:
    """A campaign that goes out in one second: none lost, none twice, none buried, ten a minute."""
    send(queues, range(500))

    check(queues, clock, 500)


@pytest.mark.requirement("1.1", "1.3", "1.4")
def test_1000_messages_over_ten_minutes_are_all_forwarded_once_at_the_rate(queues: Pipeline, clock: Clock) -> None:
    """Ten times what the rate allows, for ten minutes; then the rest of it, at the rate."""
    began = clock.now()
    for minute, hundred in enumerate(batched(range(1000), 100, strict=True)):
        clock.advance(max(began + MINUTE * minute - clock.now(), 0))
        send(queues, hundred)

    check(queues, clock, 1000)
    sent = Counter((it["sent"] - began) // MINUTE for it in queues.journal(queues.run.ingress_queue_url))
    assert sent == dict.fromkeys(range(10), 100)


def send(queues: Pipeline, numbers: Sequence[int]) -> None:
    """Put messages of fifty creators on the ingress queue."""
    for ten in batched(numbers, 10, strict=True):
        entries = [{"Id": str(number), "MessageBody": json.dumps(body(number))} for number in ten]
        answer = queues.clients.sqs.send_message_batch(QueueUrl=queues.run.ingress_queue_url, Entries=entries)
        assert not answer.get("Failed")


def body(number: int) -> dict[str, object]:
    return {
        "action": "get_messages",
        "creator_id": f"creator-{number % CREATORS}",
        "user_id": "fan-001",
        "timestamp": "2026-01-01T00:00:00Z",
        "number": number,
    }


def check(queues: Pipeline, clock: Clock, count: int) -> None:
    """All of them went through, once, at the rate and in the order in which they were sent.

    How often each was received is shown at speeds at which work takes no part of a window that is worth mention.
    """
    run = queues.run
    minutes = 2 * count / invariants.CAPACITY
    workflows = run.workflows_queue_url
    clock.until(lambda: queues.depth(workflows) >= count, minutes * MINUTE, each=MINUTE, what=f"forwarding {count}")
    forwarded = queues.journal(run.workflows_queue_url)
    numbers = [json.loads(it["body"])["number"] for it in forwarded]
    assert sorted(numbers) == list(range(count))
    assert invariants.worst_window(it["sent"] for it in forwarded) <= invariants.CAPACITY
    assert_as_sent(forwarded)
    assert queues.journal(run.ingress_dlq_url) == []
    until(lambda: queues.depth(run.ingress_queue_url) == 0, what="the last deletion")


def assert_as_sent(forwarded: Sequence[Mapping[str, Any]]) -> None:
    """Within each account, once all of them are in the line: before, a standard queue hands out what it likes first."""
    began = min(it["sent"] for it in forwarded)
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for message in forwarded:
        if message["sent"] > began + LINED_UP_SECONDS:
            numbers[message["group_id"]].append(json.loads(message["body"])["number"])
    for account, order in numbers.items():
        assert order == sorted(order), f"out of order for {account}: {order}"
