"""Messages expire: after MessageRetentionPeriod they are gone, visible, delayed or in flight.

A standard queue's dead letters keep the time at which they were first sent; FIFO queues and a redrive from a dead-letter
queue begin anew (SQS Developer Guide, "Understanding message retention periods for dead-letter queues").
"""

import heapq
import itertools
import time
from typing import Any

from localstack.aws.api.sqs import MessageSystemAttributeName
from localstack.services.sqs import models
from localstack.services.sqs.models import ReceiveMessageResult, SqsMessage


class Retention(models.SqsQueue):
    """A part of a queue's class: drops what has expired before anybody can see it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Take what LocalStack's queues take."""
        self._by_age: list[tuple[float, int, SqsMessage]] = []
        self._numbers = itertools.count()
        super().__init__(*arguments, **named)

    def put(self, *arguments: Any, **named: Any) -> SqsMessage:
        """Accept a message."""
        message = super().put(*arguments, **named)
        # A FIFO queue returns a duplicate without keeping it.
        if not isinstance(self, models.FifoQueue) or self.deduplication[message.message_deduplication_id] is message:
            with self.mutex:
                heapq.heappush(self._by_age, (self._kept_since(message), next(self._numbers), message))
        return message

    def receive(self, *arguments: Any, **named: Any) -> ReceiveMessageResult:
        """Give out what has not expired."""
        self.remove_expired_messages()
        return super().receive(*arguments, **named)

    def requeue_inflight_messages(self) -> None:
        """Make visible what is due and has not expired."""
        self.remove_expired_messages()
        super().requeue_inflight_messages()

    def enqueue_delayed_messages(self) -> None:
        """Make visible what is due and has not expired."""
        self.remove_expired_messages()
        super().enqueue_delayed_messages()

    def get_queue_attributes(self, attribute_names: Any = None) -> dict[str, str]:
        """Count what has not expired."""
        self.remove_expired_messages()
        return super().get_queue_attributes(attribute_names)

    def clear(self) -> None:
        """Forget all messages."""
        with self.mutex:
            self._by_age.clear()
            super().clear()

    def remove_expired_messages(self) -> None:
        """Drop what was sent before the retention period."""
        expired = set()
        with self.mutex:
            last = time.time() - self.message_retention_period
            while self._by_age and (self._by_age[0][0] <= last or self._by_age[0][2].deleted):
                _, number, message = heapq.heappop(self._by_age)
                if message.deleted:
                    continue
                # What a checkpoint has brought back is younger than it was when it was sent.
                since = self._kept_since(message)
                if since <= last:
                    expired.add(message)
                else:
                    heapq.heappush(self._by_age, (since, number, message))
            if expired:
                self._drop(expired)

    def _drop(self, expired: set[SqsMessage]) -> None:
        self.delayed -= expired
        for message in expired:
            message.deleted = True
            for handle in message.receipt_handles:
                self.receipts.pop(handle, None)
            self.inflight.pop(message, None)
        if isinstance(self, models.StandardQueue):
            _drop_from(self.visible.queue, expired)
        elif isinstance(self, models.FifoQueue):
            for group in {it.message_group_id: self.get_message_group(it.message_group_id) for it in expired}.values():
                _drop_from(group.messages, expired)
                for message in expired:
                    group.is_back(message)
                self.update_message_group_visibility(group)

    def _kept_since(self, message: SqsMessage) -> float:
        source = message.dead_letter_queue_source_arn
        if isinstance(self, models.FifoQueue) or not source or not self._is_dead_letter_queue_of(source):
            return message.created
        return int(message.message["Attributes"][MessageSystemAttributeName.SentTimestamp]) / 1000

    def _is_dead_letter_queue_of(self, source_arn: str) -> bool:
        region, account, name = source_arn.split(":")[3:6]
        source = models.sqs_stores[account][region].queues.get(name)
        return bool(source and (policy := source.redrive_policy) and policy["deadLetterTargetArn"] == self.arn)


def _drop_from(heap: list[SqsMessage], expired: set[SqsMessage]) -> None:
    heap[:] = [it for it in heap if it not in expired]
    heapq.heapify(heap)
