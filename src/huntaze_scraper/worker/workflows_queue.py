"""The workflows queue and its DLQ."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any, Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.queues import attributes as attribute
from huntaze_scraper.queues import calls
from huntaze_scraper.queues.attributes import ADDED, STATUS
from huntaze_scraper.queues.calls import SqsError
from huntaze_scraper.queues.limits import LONG_POLL_SECONDS, MAX_ATTRIBUTES, MAX_ENTRIES
from huntaze_scraper.queues.received import EVERYTHING, Received
from huntaze_scraper.worker.message import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


BATCH_TRIES = 2
"""Of the entries of a batch that failed though the call did not."""
MAX_WORDS = 1000
"""Of a reason, in characters."""


class WorkflowsQueue(Protocol):
    """What the consumer asks of the queue. Every method raises StoreUnavailable where SQS does not answer."""

    async def receive(self, most: int) -> list[Message]:
        """Wait for messages, in the order in which they were sent within each group."""
        ...

    async def delete(self, message: Message) -> None:
        """Delete a message that is done with."""
        ...

    async def change_visibility(self, messages: Sequence[Message], seconds: int) -> list[Message]:
        """Set when messages come back, in order; returns those that are no longer ours."""
        ...

    async def bury(self, message: Message, attributes: dict[str, str]) -> None:
        """Put a copy into the DLQ, with attributes that say why."""
        ...


class SqsWorkflowsQueue:
    """The queue on SQS."""

    def __init__(self, client: "SQSClient", url: str, dlq_url: str, visibility_seconds: int, clock: Clock) -> None:
        """Take from ``url``, and bury in ``dlq_url``."""
        self._client = client
        self._url = url
        self._dlq_url = dlq_url
        self._visibility_seconds = visibility_seconds
        self._clock = clock

    async def receive(self, most: int) -> list[Message]:
        """Wait up to 20 s for messages (requirement 3.4)."""
        attempt = uuid.uuid4().hex
        answer = await self._call(
            self._client.receive_message,
            QueueUrl=self._url,
            MaxNumberOfMessages=min(most, MAX_ENTRIES),
            WaitTimeSeconds=LONG_POLL_SECONDS,
            VisibilityTimeout=self._visibility_seconds,
            **EVERYTHING,
            # The client's own retry of a receive whose answer was lost gets the same messages again.
            ReceiveRequestAttemptId=attempt,
        )
        received_at = self._clock.now()
        return [self._message(Received.read(each), received_at) for each in answer.get("Messages", [])]

    async def delete(self, message: Message) -> None:
        """Delete a message that is done with."""
        await self._call(self._client.delete_message, QueueUrl=self._url, ReceiptHandle=message.receipt_handle)

    async def change_visibility(self, messages: Sequence[Message], seconds: int) -> list[Message]:
        """Set when messages come back, in order; returns those that are no longer ours."""
        lost: list[Message] = []
        for some in batched(messages, MAX_ENTRIES, strict=False):
            left = list(some)
            for _ in range(BATCH_TRIES):
                gone, left = await self._hide(left, seconds)
                lost += gone
                if not left:
                    break
        return lost

    async def _hide(self, messages: Sequence[Message], seconds: int) -> tuple[list[Message], list[Message]]:
        """Set when at most ten messages come back; returns those that are not ours any more, and those to try again."""
        now = self._clock.now()
        hidden = [(each.receipt_handle, min(seconds, each.longest_visibility(now))) for each in messages]
        answer = await self._call(calls.change_visibility, self._client, self._url, hidden)
        failed = {each.place: each.is_gone for each in answer}
        for place, (message, (_, hidden_seconds)) in enumerate(zip(messages, hidden, strict=True)):
            if place not in failed:
                message.invisible_until = now + hidden_seconds
        gone = [messages[place] for place, is_gone in failed.items() if is_gone]
        return gone, [messages[place] for place in sorted(failed) if not failed[place]]

    async def bury(self, message: Message, attributes: dict[str, str]) -> None:
        """Put a copy into the DLQ, with attributes that say why.

        Sending twice makes one copy: the deduplication id is the message's own id,
        which redelivery keeps and a replay changes.

        Of more than ten attributes those go that are written elsewhere, or anew at a replay: first the limiter's,
        then the status, which the result has. The producer's stay, and the words for why.
        """
        why = {name: text[:MAX_WORDS] for name, text in attributes.items() if text}
        producers = {name: each for name, each in message.attributes.items() if name not in ADDED}
        room = MAX_ATTRIBUTES - len(why) - len(producers)
        if room < 0:
            why.pop(STATUS, None)
        added = [(name, message.attributes[name]) for name in ADDED if name in message.attributes]
        original = producers | dict(added[: max(room, 0)])
        await self._call(
            self._client.send_message,
            QueueUrl=self._dlq_url,
            MessageBody=message.body,
            MessageGroupId=message.group_id,
            MessageDeduplicationId=message.message_id,
            MessageAttributes=attribute.with_reasons(original, why),
        )

    def _message(self, received: Received, received_at: float) -> Message:
        sent_at = received_at if received.sent_at_ms is None else received.sent_at_ms / 1000
        return Message(
            message_id=received.message_id,
            receipt_handle=received.receipt_handle,
            group_id=received.group_id,
            deduplication_id=received.deduplication_id,
            body=received.body,
            attributes=received.attributes,
            sent_at=sent_at,
            received_at=received_at,
            receive_count=received.receive_count,
            invisible_until=received_at + self._visibility_seconds,
        )

    async def _call[T](self, operation: Callable[..., T], *values: Any, **arguments: Any) -> T:
        try:
            return await asyncio.to_thread(operation, *values, **arguments)
        except SqsError as error:
            raise StoreUnavailable(f"SQS: {calls.code(error)}") from None
