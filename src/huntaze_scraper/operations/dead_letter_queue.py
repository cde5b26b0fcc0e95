"""A dead-letter queue held still: its messages in hand, in order, and back in it when done."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from botocore.exceptions import ClientError

from huntaze_scraper.operations.dead_letters import DeadLetter, QueueName
from huntaze_scraper.operations.target import Target
from huntaze_scraper.queues import calls
from huntaze_scraper.queues.limits import MAX_ENTRIES
from huntaze_scraper.queues.received import EVERYTHING, Received

HOLD_SECONDS = 600
"""How long a message in hand is hidden; if this process dies, it is back after as long."""
EXTEND_AFTER_SECONDS = 200
MOST = 100_000
"""How many are taken in hand; SQS lets 120 000 of a queue be in flight."""
POLL_SECONDS = 2
"""Long enough for SQS to ask all its servers."""


class DeadLetterQueue:
    """One of the two queues."""

    def __init__(self, target: Target, name: QueueName) -> None:
        """Use the queue of this name."""
        self._target = target
        self._sqs = target.clients.sqs
        self._url = target.ingress_dlq_url if name == "ingress" else target.workflows_dlq_url
        self.name = name
        self.unseen = 0
        """How many more lay in it, roughly, when messages were last taken in hand."""
        self._held: dict[str, DeadLetter] = {}
        self._extended_at = 0.0

    def count(self) -> int:
        """Return how many messages lie in it, roughly, with those in hand."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    @contextmanager
    def held(self, most: int = MOST) -> Iterator[list[DeadLetter]]:
        """Take messages in hand, at most so many, in order; afterwards put back what was not deleted.

        A FIFO queue shows no more than the first ten messages of a group at a time.
        """
        self._extended_at = self._target.now().timestamp()
        try:
            while len(self._held) < most and (received := self._receive(min(MAX_ENTRIES, most - len(self._held)))):
                # A message that came back meanwhile comes with a new handle.
                self._held |= {letter.message_id: letter for letter in received}
                self.keep_all()
            self.unseen = max(0, self.count() - len(self._held))
            yield self._in_order()
        finally:
            self._put_back()

    def keep(self, letter: DeadLetter) -> bool:
        """Hide a message in hand for longer; tell whether it is still ours."""
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=letter.receipt_handle, VisibilityTimeout=HOLD_SECONDS
            )
        except ClientError:
            self._held.pop(letter.message_id, None)
            return False
        return True

    def keep_all(self) -> None:
        """Hide every message in hand for longer, when it is time to."""
        now = self._target.now().timestamp()
        if now - self._extended_at > EXTEND_AFTER_SECONDS:
            self._extended_at = now
            for lost in self._hide(list(self._held.values()), HOLD_SECONDS):
                self._held.pop(lost.message_id)

    def delete(self, letter: DeadLetter) -> None:
        """Delete a message in hand."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt_handle)
        self._held.pop(letter.message_id, None)

    def _in_order(self) -> list[DeadLetter]:
        """Sort by time; those of one moment stay as they were received, which within a group is their order."""
        return sorted(self._held.values(), key=lambda it: it.at)

    def _receive(self, most: int) -> list[DeadLetter]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=most,
            WaitTimeSeconds=POLL_SECONDS,
            VisibilityTimeout=HOLD_SECONDS,
            **EVERYTHING,
        )
        return [_read(self.name, Received.read(message)) for message in answer.get("Messages", [])]

    def _put_back(self) -> None:
        """Let every message in hand be seen again, the first of each group first."""
        letters = self._in_order()
        self._held.clear()
        # One that fails is no longer ours, or comes back by itself when its time is over.
        self._hide(letters, 0)

    def _hide(self, letters: Sequence[DeadLetter], seconds: int) -> list[DeadLetter]:
        """Hide messages for so long, in order; return those that are no longer ours."""
        lost: list[DeadLetter] = []
        for some in batched(letters, MAX_ENTRIES, strict=False):
            failed = calls.change_visibility(self._sqs, self._url, [(it.receipt_handle, seconds) for it in some])
            lost.extend(some[each.place] for each in failed)
        return lost


def _read(queue: QueueName, message: Received) -> DeadLetter:
    return DeadLetter(
        queue=queue,
        message_id=message.message_id,
        receipt_handle=message.receipt_handle,
        group_id=message.group_id,
        at=datetime.fromtimestamp((message.sent_at_ms or 0) / 1000, UTC),
        body=message.body,
        attributes=message.attributes,
    )
