"""SQS as its documentation promises it, and no better."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

VISIBILITY_SECONDS = 180
MAX_RECEIVES = 1000
DEDUPLICATION_SECONDS = 300


@dataclass
class Message:
    """A message on the ingress queue."""

    message_id: str
    body: str
    sent_at: int
    visible_at: float
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    receive_count: int = 0
    is_deleted: bool = False

    def record(self) -> dict[str, Any]:
        """The message as Lambda's event shows it."""
        return {
            "messageId": self.message_id,
            "receiptHandle": f"{self.message_id}/{self.receive_count}",
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": str(self.receive_count),
                "SentTimestamp": str(self.sent_at),
            },
            "messageAttributes": self.attributes,
            "eventSource": "aws:sqs",
        }


class StandardQueue:
    """The ingress queue with its dead-letter queue."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._numbers = itertools.count(1)
        self.messages: dict[str, Message] = {}
        self.dead: list[Message] = []
        self.receives: dict[str, int] = {}

    def send(self, body: str, attributes: Mapping[str, Mapping[str, Any]] | None = None) -> str:
        message_id = f"m{next(self._numbers)}"
        now = self._now()
        self.messages[message_id] = Message(message_id, body, int(now * 1000), now, attributes or {})
        return message_id

    def visible(self) -> list[str]:
        now = self._now()
        return [key for key, it in self.messages.items() if it.visible_at <= now]

    def receive(self, message_id: str) -> dict[str, Any] | None:
        """Deliver a message, visible or not: SQS promises at least once."""
        message = self.messages[message_id]
        message.receive_count += 1
        message.visible_at = self._now() + VISIBILITY_SECONDS
        self.receives[message_id] = message.receive_count
        if message.receive_count > MAX_RECEIVES:
            self.dead.append(self.messages.pop(message_id))
            return None
        return message.record()

    def hide(self, receipt_handle: str, seconds: int) -> bool:
        message = self.messages.get(receipt_handle.partition("/")[0])
        if message is None:
            return False
        message.visible_at = self._now() + seconds
        return True

    def delete_by(self, receipt_handle: str) -> bool:
        """Delete by a receipt handle: SQS takes only that of the latest receive."""
        message_id, _, receive = receipt_handle.partition("/")
        message = self.messages.get(message_id)
        if message is None or message.receive_count != int(receive):
            return False
        self.delete(message_id)
        return True

    def delete(self, message_id: str) -> None:
        self.messages.pop(message_id, None)


@dataclass(frozen=True)
class Forwarded:
    """A message on the workflows queue."""

    job_id: str
    group: str
    body: str
    sent_at: int
    attributes: Mapping[str, Any]


class FifoQueue:
    """The workflows queue."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.messages: list[Forwarded] = []
        self._seen: dict[str, float] = {}
        self.on_message: Callable[[Forwarded], None] = lambda _: None

    def send(self, entry: Mapping[str, Any]) -> None:
        now = self._now()
        job_id = entry["MessageDeduplicationId"]
        if now - self._seen.get(job_id, float("-inf")) < DEDUPLICATION_SECONDS:
            return
        self._seen[job_id] = now
        message = Forwarded(
            job_id, entry["MessageGroupId"], entry["MessageBody"], int(now * 1000), entry["MessageAttributes"]
        )
        self.messages.append(message)
        self.on_message(message)
