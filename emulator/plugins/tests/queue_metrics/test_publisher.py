"""What is published of LocalStack's queues."""

import json
import time
from itertools import pairwise
from uuid import uuid4

import pytest
from localprocs.alarms.metrics import Metric
from localprocs.alarms.stores import forget_all, metrics_of
from localprocs.queue_metrics import activity
from localprocs.queue_metrics.publisher import count, publish_minutes
from localstack.services.sqs.models import FifoQueue, StandardQueue, sqs_stores

ACCOUNT, REGION = "000000000000", "us-east-1"
VISIBLE, IN_FLIGHT = "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"
AGE = "ApproximateAgeOfOldestMessage"


@pytest.fixture
def minute():
    """The end of the minute that goes on; nothing was published before."""
    forget_all()
    sqs_stores[ACCOUNT][REGION].queues.clear()
    return int(time.time()) // 60 * 60 + 60


def queue_of(name, kind=StandardQueue, **attributes):
    """Make a queue in LocalStack's store."""
    queue = kind(name, REGION, ACCOUNT, attributes or None)
    sqs_stores[ACCOUNT][REGION].queues[name] = queue
    return queue


def put(queue, number=1, group=None):
    """Put messages into it."""
    for _ in range(number):
        message_id = uuid4().hex
        options = {"message_group_id": group, "message_deduplication_id": message_id} if group else {}
        queue.put({"MessageId": message_id, "Body": "x", "MD5OfBody": "x"}, **options)


def values(queue, name, begin, end):
    """Return the published values, oldest first."""
    metric = Metric("AWS/SQS", name, (("QueueName", queue.name),))
    return list(metrics_of(ACCOUNT, REGION).series(metric, "Maximum", 60, begin, end).values())


@pytest.mark.parametrize(("kind", "name", "group"), [(StandardQueue, "q", None), (FifoQueue, "q.fifo", "g")])
def test_queue_is_told_at_the_minutes_end(minute, kind, name, group):
    """Under the minute that ended, for standard and FIFO queues alike."""
    queue = queue_of(name, kind)
    put(queue, 3, group)
    queue.receive(1, visibility_timeout=600)
    publish_minutes(minute, minute - 60)
    assert values(queue, VISIBLE, minute - 60, minute) == [2]
    assert values(queue, IN_FLIGHT, minute - 60, minute) == [1]


def test_idle_minute_is_told_as_zero_calls(minute):
    """A queue that is active and was not used in the minute sent nothing."""
    queue = queue_of("q")
    count(ACCOUNT, REGION, "q", "NumberOfMessagesSent", 2.0, "Count", minute - 30)
    publish_minutes(minute + 60, minute - 60)
    assert values(queue, "NumberOfMessagesSent", minute - 60, minute + 60) == [2, 0]
    assert values(queue, "NumberOfEmptyReceives", minute - 60, minute + 60) == [0, 0]


def test_minutes_that_a_jump_left_out_are_told_afterwards(minute):
    """As they were: the message older each minute, and visible again when its time-out ended."""
    queue = queue_of("q")
    put(queue)
    queue.receive(1, visibility_timeout=600)
    publish_minutes(minute + 30 * 60, minute - 60)
    ages = values(queue, AGE, minute - 60, minute + 30 * 60)
    assert len(ages) == 31
    assert all(after - before == 60 for before, after in pairwise(ages))
    in_flight = values(queue, IN_FLIGHT, minute - 60, minute + 30 * 60)
    assert in_flight == sorted(in_flight, reverse=True)
    assert 9 <= sum(in_flight) <= 11


def test_dead_letter_queue_counts_every_message_towards_its_age(minute):
    """It is known by the redrive policies that name it."""
    dead = queue_of("dead")
    queue_of("q", RedrivePolicy=json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 3}))
    put(dead)
    for _ in range(4):
        dead.receive(1, visibility_timeout=0)
    publish_minutes(minute + 600, minute - 60)
    assert values(dead, AGE, minute, minute + 600)[-1] >= 600


def test_queue_that_nobody_used_for_six_hours_is_silent(minute, monkeypatch):
    """Until it is used again, or holds a message."""
    monkeypatch.setattr(activity.ACTIVITY, "_used", {})
    queue = queue_of("q")
    publish_minutes(minute, minute - 60)
    publish_minutes(minute + 8 * 3600, minute)
    assert len(values(queue, VISIBLE, minute - 60, minute + 8 * 3600)) == 6 * 60
    put(queue)
    publish_minutes(minute + 8 * 3600 + 60, minute + 8 * 3600)
    assert values(queue, VISIBLE, minute + 8 * 3600, minute + 8 * 3600 + 60) == [1]
