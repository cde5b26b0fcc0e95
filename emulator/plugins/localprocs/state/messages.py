"""Queues' moments after all was put back: what is in flight or delayed has as long to go as it had."""

import time
from collections.abc import Iterable
from typing import Any

from localstack.services.sqs.models import SqsMessage, SqsQueue

_MOMENTS = ("created", "first_received", "last_received", "visibility_deadline")


def shift(objects: Iterable[Any], seconds: float) -> None:
    """Set the messages' moments later, and have the queues look when they come."""
    for each in objects:
        if isinstance(each, SqsMessage):
            for name in _MOMENTS:
                if (moment := getattr(each, name)) is not None:
                    setattr(each, name, moment + seconds)
    for each in objects:
        if isinstance(each, SqsQueue):
            watch(each)


def watch(queue: SqsQueue) -> None:
    """Tell whoever looks for due messages of those in flight and delayed."""
    now = time.time()
    with queue.mutex:
        for message in queue.inflight:
            timeout, deadline = message.visibility_timeout, message.visibility_deadline
            message.update_visibility_timeout((deadline or now) - now)
            message.visibility_timeout, message.visibility_deadline = timeout, deadline
        for message in list(queue.delayed):
            queue.delayed.add(message)
