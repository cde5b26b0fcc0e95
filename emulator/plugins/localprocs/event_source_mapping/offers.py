"""Waits for what a queue has to give out, in this process: a poll each 20 s would be a third of what wakes an idle stack."""

import threading
from typing import Any

from localstack.services.sqs.models import FifoQueue, sqs_stores
from localstack.services.sqs.queue import InterruptibleQueue

LONGEST_WAIT_SECONDS = 3600
"""A queue that is not asked for six hours counts as inactive, and its metrics end."""


def await_offer(arn: str, ending: threading.Event) -> None:
    """Return when the queue of the ARN may have something, is asked in any case, is gone, or an `Ending` is set."""
    offers = _offers_of(arn)
    if offers is None:
        return
    with offers.not_empty:
        offers.not_empty.wait_for(lambda: offers.queue or offers.is_shutdown or ending.is_set(), LONGEST_WAIT_SECONDS)
        if ending.is_set():  # whoever else waits may take what only this one was told of
            offers.not_empty.notify()


class Ending(threading.Event):
    """The end of a mapping, which wakes who waits at its queue."""

    def __init__(self, arn: str) -> None:
        """Know the queue."""
        super().__init__()
        self._arn = arn

    def set(self) -> None:
        """End it."""
        super().set()
        if offers := _offers_of(self._arn):
            with offers.not_empty:
                offers.not_empty.notify_all()


def _offers_of(arn: str) -> InterruptibleQueue[Any] | None:
    _, _, _, region, account, name = arn.split(":")
    queue = sqs_stores[account][region].queues.get(name)
    if queue is None:
        return None
    found: InterruptibleQueue[Any] = queue.message_group_queue if isinstance(queue, FifoQueue) else queue.visible
    return found
