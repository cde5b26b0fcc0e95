"""Publishes the metrics of LocalStack's queues."""

import json
from collections.abc import Iterator, Sequence

from localstack.aws.api.sqs import QueueAttributeName
from localstack.services.sqs.models import FifoQueue, SqsMessage, SqsQueue, StandardQueue, sqs_stores

from localprocs.alarms.metrics import MINUTE, Metric
from localprocs.alarms.stores import metrics_of
from localprocs.queue_metrics.activity import ACTIVITY
from localprocs.queue_metrics.gauges import Gauges, Held, Timeline

NAMESPACE = "AWS/SQS"
MAX_MINUTES = 24 * 60
"""After a jump of the clock the minutes between are told too, as far back as an alarm can look."""
_COUNTERS = ("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted", "NumberOfEmptyReceives")


def publish_minutes(minute: int, last: int) -> None:
    """Publish every active queue's figures for each minute since the last one told.

    Nothing happens to a queue while the clock jumps, so that its messages alone tell what each minute between was
    like: older, and visible again where a visibility timeout ended meanwhile.
    """
    first = max(last, minute - MAX_MINUTES * MINUTE)
    moments = range(first + MINUTE, minute + 1, MINUTE)
    for account, region, store in list(sqs_stores.iter_stores()):
        queues = list(store.queues.values())
        dead_letter_arns = set(_dead_letter_arns(queues))
        for queue in queues:
            _publish(account, region, queue, moments, is_dead_letter=queue.arn in dead_letter_arns)


def count(account: str, region: str, queue_name: str, name: str, value: float, unit: str, at: float) -> None:
    """Publish a sample of what an API call did."""
    metrics_of(account, region).add(_metric(queue_name, name), at, value, unit)


def _publish(account: str, region: str, queue: SqsQueue, moments: range, *, is_dead_letter: bool) -> None:
    store = metrics_of(account, region)
    held = list(_held(queue))
    is_fifo = isinstance(queue, FifoQueue)
    created = int(queue.attributes[QueueAttributeName.CreatedTimestamp])
    timeline = Timeline(
        held, is_fifo=is_fifo, is_dead_letter=is_dead_letter, retention_seconds=queue.message_retention_period
    )
    for at in moments:
        if at < created or not ACTIVITY.is_active(queue.arn, at, len(held)):
            continue
        figures = timeline.at(at)
        begin = at - MINUTE
        for name, value, unit in _told(figures, is_fifo=is_fifo):
            store.add(_metric(queue.name, name), begin, value, unit)
        for name in _COUNTERS:
            metric = _metric(queue.name, name)
            if not store.has_samples(metric, begin):
                store.add(metric, begin, 0.0, "Count")


def _told(figures: Gauges, *, is_fifo: bool) -> Iterator[tuple[str, float, str]]:
    yield "ApproximateNumberOfMessagesVisible", float(figures.visible), "Count"
    yield "ApproximateNumberOfMessagesNotVisible", float(figures.in_flight), "Count"
    yield "ApproximateNumberOfMessagesDelayed", float(figures.delayed), "Count"
    # An empty queue's age is published as 0 for as long as the queue is active.
    yield "ApproximateAgeOfOldestMessage", float(int(figures.age_of_oldest or 0)), "Seconds"
    if is_fifo:
        yield "ApproximateNumberOfGroupsWithInflightMessages", float(figures.groups_in_flight), "Count"


def _held(queue: SqsQueue) -> Iterator[Held]:
    queue.remove_expired_messages()
    with queue.mutex:
        delayed, in_flight = list(queue.delayed), list(queue.inflight)
        if isinstance(queue, FifoQueue):
            waiting = [message for group in list(queue.message_groups.values()) for message in list(group.messages)]
        elif isinstance(queue, StandardQueue):
            waiting = list(queue.visible.queue)
        else:
            waiting = []
    for message in (*waiting, *delayed):
        yield _one(message, is_in_flight=False)
    for message in in_flight:
        yield _one(message, is_in_flight=True)


def _one(message: SqsMessage, *, is_in_flight: bool) -> Held:
    return Held(
        message.created,
        message.message_group_id if is_in_flight else None,
        message.receive_count,
        message.visibility_deadline or 0.0,
        is_in_flight,
        message.created + message.delay_seconds if message.delay_seconds else 0.0,
    )


def _dead_letter_arns(queues: Sequence[SqsQueue]) -> Iterator[str]:
    for queue in queues:
        if policy := queue.attributes.get(QueueAttributeName.RedrivePolicy):
            yield json.loads(policy)["deadLetterTargetArn"]


def _metric(queue_name: str, name: str) -> Metric:
    return Metric(NAMESPACE, name, (("QueueName", queue_name),))
