"""The workflows queue and its DLQ."""

import asyncio
import re
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.rate_limiter.arrivals import ADDED_ATTRIBUTES, MAX_ATTRIBUTES
from huntaze_scraper.worker.message import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONG_POLL_SECONDS = 20
BATCH = 10

_NOT_ALLOWED = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
            MaxNumberOfMessages=min(most, BATCH),
            WaitTimeSeconds=LONG_POLL_SECONDS,
            VisibilityTimeout=self._visibility_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
            # The client's own retry of a receive whose answer was lost gets the same messages again.
            ReceiveRequestAttemptId=attempt,
        )
        received_at = self._clock.now()
        return [self._message(each, received_at) for each in answer.get("Messages", [])]

    async def delete(self, message: Message) -> None:
        """Delete a message that is done with."""
        await self._call(self._client.delete_message, QueueUrl=self._url, ReceiptHandle=message.receipt_handle)

    async def change_visibility(self, messages: Sequence[Message], seconds: int) -> list[Message]:
        """Set when messages come back, in order; returns those that are no longer ours."""
        lost: list[Message] = []
        for start in range(0, len(messages), BATCH):
            some = messages[start : start + BATCH]
            now = self._clock.now()
            answer = await self._call(
                self._client.change_message_visibility_batch,
                QueueUrl=self._url,
                Entries=[
                    {
                        "Id": str(index),
                        "ReceiptHandle": each.receipt_handle,
                        "VisibilityTimeout": min(seconds, each.longest_visibility(now)),
                    }
                    for index, each in enumerate(some)
                ],
            )
            for each in answer.get("Successful", []):
                message = some[int(each["Id"])]
                message.invisible_until = now + min(seconds, message.longest_visibility(now))
            lost.extend(some[int(each["Id"])] for each in answer.get("Failed", []))
        return lost

    async def bury(self, message: Message, attributes: dict[str, str]) -> None:
        """Put a copy into the DLQ, with attributes that say why.

        Sending twice makes one copy: the deduplication id is the message's own id,
        which redelivery keeps and a replay changes.

        Of more than ten attributes those go that are written elsewhere, or anew at a replay: first the limiter's,
        then the status, which the result has; the producer's stay, and the words for why.
        """
        why = {
            name: {"DataType": "String", "StringValue": _NOT_ALLOWED.sub("?", text)[:1000]}
            for name, text in attributes.items()
            if text
        }
        original = {name: each for name, each in message.attributes.items() if name not in why}
        producers = {name: each for name, each in original.items() if name not in ADDED_ATTRIBUTES}
        status = {name: why.pop(name) for name in ("status",) if name in why}
        by_rank = why | producers | status | original
        await self._call(
            self._client.send_message,
            QueueUrl=self._dlq_url,
            MessageBody=message.body,
            MessageGroupId=message.group_id,
            MessageDeduplicationId=message.message_id,
            MessageAttributes=dict(list(by_rank.items())[:MAX_ATTRIBUTES]),
        )

    def _message(self, raw: Any, received_at: float) -> Message:
        system = raw.get("Attributes", {})
        return Message(
            message_id=raw["MessageId"],
            receipt_handle=raw["ReceiptHandle"],
            group_id=system.get("MessageGroupId", ""),
            deduplication_id=system.get("MessageDeduplicationId", raw["MessageId"]),
            body=raw["Body"],
            attributes={
                name: {key: value for key, value in each.items() if key in ("DataType", "StringValue", "BinaryValue")}
                for name, each in raw.get("MessageAttributes", {}).items()
            },
            sent_at=int(system.get("SentTimestamp", received_at * 1000)) / 1000,
            received_at=received_at,
            receive_count=int(system.get("ApproximateReceiveCount", 1)),
            invisible_until=received_at + self._visibility_seconds,
        )

    async def _call(self, operation: Any, **arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(operation, **arguments)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"SQS: {_code(error)}") from None


def _code(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code")) if isinstance(error, ClientError) else type(error).__name__
