"""FIFO queues give out each group in order, and no group waits for another.

On AWS a message that is in flight holds up what was sent after it in its group, and nothing else: what was sent before
it is given out as soon as it is visible again (SQS Developer Guide, "FIFO queue delivery logic"; LocalStack's snapshots
of AWS say the same). LocalStack lets one hidden message hold up every group, and what was never received overtake
one that is in flight.
"""

import heapq
import threading
from typing import Any

from localstack.services.sqs import models
from localstack.services.sqs.models import ReceiveMessageResult, SqsMessage
from localstack.services.sqs.queue import InterruptibleQueue


class MessageGroup(models.MessageGroup):
    """A group's messages that are not in flight, in the order of sending."""

    def __init__(self, message_group_id: str, queue: "GroupsInOrder") -> None:
        """Hold none yet."""
        super().__init__(message_group_id)
        self._in_flight: dict[SqsMessage, int | None] = {}
        """With the thread whose receive takes it just now: such a receive takes what comes after, too."""
        self._queue = queue

    def empty(self) -> bool:
        """Whether there is none that may be given out."""
        return self._first() is None

    def pop(self) -> SqsMessage:
        """Take the first that may be given out.

        Raises:
            IndexError: there is none.
        """
        first = self._first()
        if first is None:
            raise IndexError
        heapq.heappop(self.messages)
        most = self._queue.max_receive_count
        # One that goes to the dead-letter queue holds up nothing.
        if not most or first.receive_count < most:
            self._in_flight[first] = threading.get_ident()
        return first

    def is_out(self, message: SqsMessage) -> None:
        """Know that the receive that took a message has ended."""
        if message in self._in_flight:
            self._in_flight[message] = None

    def is_back(self, message: SqsMessage) -> None:
        """Know that a message is in flight no longer."""
        self._in_flight.pop(message, None)

    def push(self, message: SqsMessage) -> None:
        """Put a message in its place."""
        self.is_back(message)
        super().push(message)

    def _first(self) -> SqsMessage | None:
        while self.messages and self.messages[0].deleted:
            heapq.heappop(self.messages)
        if not self.messages:
            return None
        first, me = self.messages[0], threading.get_ident()
        return None if any(it < first and taker != me for it, taker in self._in_flight.items()) else first


class Offer(InterruptibleQueue[MessageGroup]):
    """Groups that have something to give out, each once, in the order in which they came to have it."""

    def _init(self, _maxsize: int) -> None:
        self.queue: dict[MessageGroup, None] = {}

    def _put(self, item: MessageGroup) -> None:
        self.queue.setdefault(item)

    def _get(self) -> MessageGroup:
        group = next(iter(self.queue))
        del self.queue[group]
        return group


class GroupsInOrder(models.FifoQueue):
    """LocalStack's FIFO queue, but for what is given out when."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Take what LocalStack's takes."""
        super().__init__(*arguments, **named)
        self.message_group_queue = Offer()

    def get_message_group(self, message_group_id: str) -> MessageGroup:
        """Return a group, made at need."""
        with self.mutex:
            found: MessageGroup | None = self.message_groups.get(message_group_id)
            if found is None:
                found = self.message_groups[message_group_id] = MessageGroup(message_group_id, self)
            return found

    def requeue_inflight_messages(self) -> None:
        """Make visible what is due; its group knows what must wait."""
        models.SqsQueue.requeue_inflight_messages(self)

    def receive(self, *arguments: Any, **named: Any) -> ReceiveMessageResult:
        """Take what may be given out."""
        result = super().receive(*arguments, **named)
        with self.mutex:
            for message in result.successful:
                self.get_message_group(message.message_group_id).is_out(message)
            for message in result.dead_letter_messages:
                self.update_message_group_visibility(self.get_message_group(message.message_group_id))
        return result

    def update_message_group_visibility(self, message_group: MessageGroup) -> None:
        """Offer a group that has something to give out."""
        with self.mutex:
            if not message_group.empty():
                self.inflight_groups.discard(message_group)
                self.message_group_queue.put_nowait(message_group)

    def _put_message(self, message: SqsMessage) -> None:
        with self.mutex:
            group = self.get_message_group(message.message_group_id)
            group.push(message)
            self.update_message_group_visibility(group)

    def _on_remove_message(self, message: SqsMessage) -> None:
        with self.mutex:
            self.get_message_group(message.message_group_id).is_back(message)
            super()._on_remove_message(message)
