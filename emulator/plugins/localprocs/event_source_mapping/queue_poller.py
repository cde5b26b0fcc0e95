"""Takes messages from a queue while there is room for their invocation, and no sooner."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched
from typing import Any

from localprocs.event_source_mapping.invocation import BatchInvoker
from localprocs.event_source_mapping.records import Message, record

LOG = logging.getLogger(__name__)

UNBOUNDED_CONCURRENCY = 5
"""Batches at once where the mapping has no MaximumConcurrency: what AWS begins with."""
LONG_POLL_SECONDS = 20
RECEIVE_AT_MOST = 10
PAYLOAD_BYTES = 6 * 1024 * 1024


@dataclass(frozen=True)
class MappingSettings:
    """The settings of a mapping that its poller follows."""

    queue_arn: str
    queue_url: str
    batch_size: int
    window_seconds: float
    concurrency: int
    patience_seconds: float


class QueuePoller:
    """The poller of one mapping."""

    def __init__(
        self,
        settings: MappingSettings,
        sqs: Any,
        invoker: BatchInvoker,
        matches: Callable[[Mapping[str, Any]], bool],
        stopping: threading.Event,
        await_offer: Callable[[], None],
    ) -> None:
        """Prepare; ``poll_events`` starts it.

        ``await_offer`` returns when the queue may have something to give out, and at once when ``stopping`` is set.
        """
        self._settings = settings
        self._sqs = sqs
        self._invoker = invoker
        self._matches = matches
        self._stopping = stopping
        self._await_offer = await_offer
        self._room = threading.Semaphore(settings.concurrency)
        self._batches = ThreadPoolExecutor(settings.concurrency, "event-source-mapping")

    def poll_events(self) -> None:
        """Poll until the mapping is stopped; what goes wrong is raised, and the worker comes back after a pause."""
        while not self._stopping.is_set():
            if not self._room.acquire(timeout=1):
                continue
            taken = False
            try:
                self._await_offer()
                messages = [] if self._stopping.is_set() else self._receive_batch()
                if messages and self._stopping.is_set():
                    self._give_back(messages)
                elif messages:
                    self._batches.submit(self._carry_out, messages)
                    taken = True
            finally:
                if not taken:
                    self._room.release()

    def close(self) -> None:
        """Take no more batches; those under way end by themselves."""
        self._batches.shutdown(wait=False)

    def _receive_batch(self) -> list[Message]:
        messages = self._receive(self._settings.batch_size, 0)
        until = time.monotonic() + self._settings.window_seconds
        while messages and not self._stopping.is_set():
            missing = self._settings.batch_size - len(messages)
            left = until - time.monotonic()
            if missing <= 0 or left <= 0 or sum(len(each["Body"]) for each in messages) > PAYLOAD_BYTES / 2:
                break
            messages += self._receive(missing, min(int(left), LONG_POLL_SECONDS))
        return messages

    def _receive(self, count: int, wait_seconds: int) -> list[Message]:
        answer = self._sqs.receive_message(
            QueueUrl=self._settings.queue_url,
            MaxNumberOfMessages=min(count, RECEIVE_AT_MOST),
            WaitTimeSeconds=wait_seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return list(answer.get("Messages") or [])

    def _carry_out(self, messages: list[Message]) -> None:
        try:
            records = {each["MessageId"]: record(each, self._settings.queue_arn) for each in messages}
            wanted = [each for each in records.values() if self._matches(each)]
            failed = self._invoker.failed(wanted, self._settings.patience_seconds) if wanted else frozenset()
            self._delete(each for each in messages if each["MessageId"] not in failed)
        except Exception:
            LOG.exception("event source mapping of %s lost sight of a batch; it comes back", self._settings.queue_arn)
        finally:
            self._room.release()

    def _delete(self, messages: Iterable[Message]) -> None:
        for some in batched(messages, RECEIVE_AT_MOST, strict=False):
            entries = [{"Id": str(index), "ReceiptHandle": each["ReceiptHandle"]} for index, each in enumerate(some)]
            answer = self._sqs.delete_message_batch(QueueUrl=self._settings.queue_url, Entries=entries)
            for each in answer.get("Failed", []):
                LOG.warning("a message of %s was not deleted: %s", self._settings.queue_arn, each.get("Message"))

    def _give_back(self, messages: list[Message]) -> None:
        for each in messages:
            self._sqs.change_message_visibility(
                QueueUrl=self._settings.queue_url, ReceiptHandle=each["ReceiptHandle"], VisibilityTimeout=0
            )


def filter_form(record_: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as filter criteria see it: a body that is JSON is looked into."""
    try:
        body = json.loads(record_["body"])
    except ValueError:
        body = record_["body"]
    return {**record_, "body": body}
