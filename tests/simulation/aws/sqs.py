"""SQS as its documentation promises it, and no better: standard and FIFO queues, and their dead-letter queues."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from random import Random
from typing import Any

from tests.simulation.aws.refusal import Refusal
from tests.simulation.loop import Blocked

DEDUPLICATION_SECONDS = 300.0
IN_FLIGHT_SECONDS = 43_200
ATTEMPT_SECONDS = 300.0
MOST_ENTRIES = 10
MOST_ATTRIBUTES = 10
_NAME = re.compile(r"[!-~]{1,128}")


@dataclass(eq=False, slots=True)
class Message:
    """A message, from when it was sent until it is deleted."""

    message_id: str
    body: str
    attributes: Mapping[str, Any]
    sent_at: float
    number: int
    group: str = ""
    deduplication_id: str = ""
    visible_at: float = 0.0
    received_at: float = 0.0
    receives: int = 0
    receiver: str = ""
    """Who received it last."""

    @property
    def handle(self) -> str:
        """The receipt handle of the latest receive."""
        return f"{self.message_id}/{self.receives}"


@dataclass(eq=False)
class Queue:
    """One queue."""

    name: str
    now: Callable[[], float]
    random: Random
    visibility_seconds: float = 30.0
    most_receives: int | None = None
    dead_letters: "Queue | None" = None
    retention_seconds: float = 14 * 86_400.0
    messages: dict[str, Message] = field(default_factory=dict)
    journal: list[Message] = field(default_factory=list)
    """All that it ever took, in order."""
    signal: list[Blocked] = field(default_factory=list)
    overlooks: float = 0.0
    """How likely a message of a standard queue is overlooked in one receive."""
    on_taken: Callable[[Message], None] = lambda _: None
    _seen: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)
    _attempts: dict[str, tuple[float, list[Message]]] = field(default_factory=dict)
    _numbers: int = 0

    @property
    def is_fifo(self) -> bool:
        return self.name.endswith(".fifo")

    def send(self, body: str, attributes: Mapping[str, Any], group: str = "", deduplication_id: str = "") -> Message:
        """Take a message, or tell the one that it is a copy of."""
        if self.is_fifo and not (group and deduplication_id):
            raise Refusal("MissingParameter")
        if not self.is_fifo and (group or deduplication_id):
            raise Refusal("InvalidParameterValue")
        if self.is_fifo and not (_NAME.fullmatch(group) and _NAME.fullmatch(deduplication_id)):
            raise Refusal("InvalidParameterValue")
        if len(attributes) > MOST_ATTRIBUTES:
            raise Refusal("InvalidParameterValue")
        now = self.now()
        if self.is_fifo:
            known = self._seen.get((self.name, deduplication_id))
            if known and now - known[0] < DEDUPLICATION_SECONDS:
                return next(it for it in self.journal if it.message_id == known[1])
        self._numbers += 1
        message = Message(f"{self.name}-{self._numbers}", body, attributes, now, self._numbers, group, deduplication_id)
        self._seen[(self.name, deduplication_id)] = (now, message.message_id)
        self.take(message)
        return message

    def take(self, message: Message) -> None:
        self.messages[message.message_id] = message
        self.journal.append(message)
        self.on_taken(message)
        self.wake()

    def wake(self) -> None:
        """Let those look again that wait for a message."""
        waiting, self.signal = self.signal, []
        for each in waiting:
            each.wake()

    def next_visible_at(self) -> float:
        """Return when a message will be seen that is hidden now."""
        now = self.now()
        return min((it.visible_at for it in self.messages.values() if it.visible_at > now), default=float("inf"))

    def receive(self, most: int, seconds: float | None, attempt: str = "") -> list[Message]:
        """Hand out what may be seen; a FIFO queue in order, nothing of a group of which something is in flight."""
        now = self.now()
        if attempt and attempt in self._attempts and now - self._attempts[attempt][0] < ATTEMPT_SECONDS:
            before = self._attempts[attempt][1]
            if all(it.message_id in self.messages and it.visible_at > now for it in before):
                return before
        for key in [key for key, it in self.messages.items() if now - it.sent_at > self.retention_seconds]:
            del self.messages[key]
        found = self._in_order(now) if self.is_fifo else self._in_any_order(now)
        received = []
        for message in found:
            if self.most_receives is not None and message.receives >= self.most_receives and self.dead_letters:
                self._redrive(message)
                continue
            message.receives += 1
            message.received_at = now
            message.visible_at = now + (self.visibility_seconds if seconds is None else seconds)
            received.append(message)
            if len(received) == most:
                break
        if attempt and received:
            self._attempts = {key: it for key, it in self._attempts.items() if now - it[0] < ATTEMPT_SECONDS}
            self._attempts[attempt] = (now, received)
        return received

    def _in_order(self, now: float) -> list[Message]:
        locked = {it.group for it in self.messages.values() if it.visible_at > now}
        return [it for it in self.messages.values() if it.group not in locked]

    def _in_any_order(self, now: float) -> list[Message]:
        found = [it for it in self.messages.values() if it.visible_at <= now]
        if self.overlooks:
            found = [it for it in found if self.random.random() >= self.overlooks]
        self.random.shuffle(found)
        return found

    def _redrive(self, message: Message) -> None:
        del self.messages[message.message_id]
        assert self.dead_letters is not None
        moved = Message(
            message.message_id, message.body, message.attributes,
            self.now() if self.is_fifo else message.sent_at,
            message.number, message.group, message.deduplication_id,
        )  # fmt: skip
        self.dead_letters.take(moved)

    def in_flight(self, handle: str) -> Message:
        """Return the message that a receipt handle is of, if it may still be used."""
        message_id, _, receive = handle.rpartition("/")
        message = self.messages.get(message_id)
        if message is None:
            raise Refusal("InvalidParameterValue" if self.is_fifo else "MessageNotInflight")
        if int(receive) != message.receives or message.visible_at <= self.now():
            # A standard queue may take an old handle, or not; a FIFO queue takes none whose time is over.
            raise Refusal("InvalidParameterValue" if self.is_fifo else "MessageNotInflight")
        return message

    def hide(self, handle: str, seconds: int) -> None:
        """Set when a message in flight comes back."""
        if not 0 <= seconds <= IN_FLIGHT_SECONDS:
            raise Refusal("InvalidParameterValue")
        try:
            message, now = self.in_flight(handle), self.now()
        except Refusal:
            # AWS takes a handle whose time is over without a word, and does nothing (LocalStack's snapshots of it).
            if handle.rpartition("/")[0] in self.messages and self.random.random() < 0.5:
                return
            raise
        if now - message.received_at + seconds > IN_FLIGHT_SECONDS:
            raise Refusal("InvalidParameterValue")
        message.visible_at = now + seconds
        self.wake()

    def delete(self, handle: str) -> None:
        """Delete a message: of a standard queue by whatever handle, though an old one may do nothing."""
        message_id, _, receive = handle.rpartition("/")
        message = self.messages.get(message_id)
        if message is None:
            return
        if self.is_fifo:
            self.in_flight(handle)
        elif int(receive) != message.receives:
            return
        del self.messages[message_id]
        self.wake()


class Sqs:
    """The queues, by their addresses."""

    def __init__(self, queues: Sequence[Queue], now: Callable[[], float]) -> None:
        self.queues = {f"https://sqs/{each.name}": each for each in queues}
        self._now = now
        self.fails_entry: Callable[[], bool | None] = lambda: None
        """Whether the next entry of a batch fails: True where the sender is told to be at fault, None for not at all."""

    def call(self, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request, but for a receive, which waits and is the client's."""
        queue = self.queues[given["QueueUrl"]]
        answer: dict[str, Any] = getattr(self, f"_{operation}")(queue, given)
        return answer | {
            "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {"date": formatdate(self._now(), usegmt=True)}}
        }

    def _send_message(self, queue: Queue, given: Mapping[str, Any]) -> dict[str, Any]:
        return {"MessageId": _send(queue, given).message_id}

    def _send_message_batch(self, queue: Queue, given: Mapping[str, Any]) -> dict[str, Any]:
        return self._batch(given, lambda entry: _send(queue, entry))

    def _change_message_visibility(self, queue: Queue, given: Mapping[str, Any]) -> dict[str, Any]:
        queue.hide(given["ReceiptHandle"], given["VisibilityTimeout"])
        return {}

    def _change_message_visibility_batch(self, queue: Queue, given: Mapping[str, Any]) -> dict[str, Any]:
        return self._batch(given, lambda entry: queue.hide(entry["ReceiptHandle"], entry["VisibilityTimeout"]))

    def _delete_message(self, queue: Queue, given: Mapping[str, Any]) -> dict[str, Any]:
        queue.delete(given["ReceiptHandle"])
        return {}

    def _delete_message_batch(self, queue: Queue, given: Mapping[str, Any]) -> dict[str, Any]:
        return self._batch(given, lambda entry: queue.delete(entry["ReceiptHandle"]))

    def _get_queue_attributes(self, queue: Queue, given: Mapping[str, Any]) -> dict[str, Any]:
        now = self._now()
        seen = sum(it.visible_at <= now for it in queue.messages.values())
        known = {
            "ApproximateNumberOfMessages": str(seen),
            "ApproximateNumberOfMessagesNotVisible": str(len(queue.messages) - seen),
            "QueueArn": f"arn:aws:sqs:us-east-1:000000000000:{queue.name}",
        }
        return {"Attributes": {name: known[name] for name in given["AttributeNames"]}}

    def _batch(self, given: Mapping[str, Any], do: Callable[[Mapping[str, Any]], Any]) -> dict[str, Any]:
        entries = given["Entries"]
        if not 1 <= len(entries) <= MOST_ENTRIES:
            raise Refusal("AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        for entry in entries:
            blamed = self.fails_entry()
            try:
                if blamed is None:
                    do(entry)
                    answer["Successful"].append({"Id": entry["Id"]})
                    continue
                failed = {"Code": "InternalError", "SenderFault": blamed}
            except Refusal as refusal:
                failed = {"Code": refusal.code, "SenderFault": True}
            answer["Failed"].append({"Id": entry["Id"], **failed})
        return answer


def _send(queue: Queue, given: Mapping[str, Any]) -> Message:
    return queue.send(
        given["MessageBody"],
        given.get("MessageAttributes", {}),
        given.get("MessageGroupId", ""),
        given.get("MessageDeduplicationId", ""),
    )


def as_received(message: Message) -> dict[str, Any]:
    """Return a message as ReceiveMessage tells it."""
    system = {"SentTimestamp": str(int(message.sent_at * 1000)), "ApproximateReceiveCount": str(message.receives)}
    if message.group:
        system |= {"MessageGroupId": message.group, "MessageDeduplicationId": message.deduplication_id}
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": message.handle,
        "Body": message.body,
        "Attributes": system,
        "MessageAttributes": message.attributes,
    }


def as_record(message: Message) -> dict[str, Any]:
    """Return a message as Lambda's event tells it."""
    attributes = {
        name: {"dataType": each["DataType"], "stringValue": each.get("StringValue")}
        for name, each in message.attributes.items()
    }
    return {
        "messageId": message.message_id,
        "receiptHandle": message.handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(int(message.sent_at * 1000)),
        },
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
    }
