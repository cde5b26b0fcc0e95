"""Hands out asynchronous invocations: each event once for as long as it is worked on, however fast the clock runs.

LocalStack hides an event for the function's time-out and a minute: work that takes real time, or waits for its turn,
outlasts that on a fast clock, and each such event was run again and again. It also tries one that could not be run anew
every second. Its poller asks every two seconds; this one waits until one comes.
"""

import logging
import threading
import time
from typing import Any

from localstack.aws.api.lambda_ import TooManyRequestsException
from localstack.services.lambda_.analytics import FunctionStatus
from localstack.services.lambda_.invocation import event_manager
from localstack.services.lambda_.invocation.event_manager import SQSInvocation

LOG = logging.getLogger(__name__)

END = "the poller ends"
"""What wakes it; no invocation is encoded so."""
LONGEST_POLL_SECONDS = 3600
LONGEST_VISIBILITY_SECONDS = 12 * 3600
LONGEST_BACK_OFF_SECONDS = 300
"""AWS tries throttled events, and those that met an error of its own, after 1, 2, 4 s … five minutes."""


class QuietPoller(event_manager.Poller):
    """LocalStack's, but for how it waits and is woken, and what it does about events that come back."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Hold no events yet."""
        super().__init__(*arguments, **named)
        self._held: set[str] = set()
        self._lock = threading.Lock()

    def run(self, *_arguments: Any, **_named: Any) -> None:
        """Hand out invocations until it is stopped."""
        version = self.version_manager.function_version
        queues = event_manager.get_sqs_client(version)
        while not self._shutdown_event.is_set():
            try:
                answer = queues.receive_message(
                    QueueUrl=self.event_queue_url,
                    WaitTimeSeconds=LONGEST_POLL_SECONDS,
                    MaxNumberOfMessages=10,
                    VisibilityTimeout=LONGEST_VISIBILITY_SECONDS,
                )
                for message in answer.get("Messages") or []:
                    if message["Body"] == END:
                        queues.delete_message(QueueUrl=self.event_queue_url, ReceiptHandle=message["ReceiptHandle"])
                    elif not self._shutdown_event.is_set():
                        self._take(message)
            except Exception as error:  # noqa: BLE001 - as LocalStack's: the queue may go first
                if not self._shutdown_event.is_set():
                    LOG.warning("invocations of %s cannot be polled: %s", version.qualified_arn, error)
                    time.sleep(1)

    def process_throttles_and_system_errors(self, sqs_invocation: SQSInvocation, error: Exception) -> str:
        """Send the event back for later, and ever later."""
        delay = min(2**sqs_invocation.exception_retries, LONGEST_BACK_OFF_SECONDS)
        sqs_invocation.exception_retries += 1
        event_manager.get_sqs_client(self.version_manager.function_version).send_message(
            QueueUrl=self.event_queue_url, MessageBody=sqs_invocation.encode(), DelaySeconds=delay
        )
        is_throttle = isinstance(error, TooManyRequestsException)
        return FunctionStatus.throttle_error if is_throttle else FunctionStatus.system_error

    def _take(self, message: dict[str, Any]) -> None:
        with self._lock:
            if message["MessageId"] in self._held:  # the clock leapt over its visibility; its work still ends it
                return
            self._held.add(message["MessageId"])
        self.invoker_pool.submit(self._work, message)

    def _work(self, message: dict[str, Any]) -> None:
        try:
            self.handle_message(message)
        finally:
            with self._lock:
                self._held.discard(message["MessageId"])

    def stop(self) -> None:
        """Take no more invocations, and end the poll under way."""
        super().stop()
        queues = event_manager.get_sqs_client(self.version_manager.function_version)
        queues.send_message(QueueUrl=self.event_queue_url, MessageBody=END)


def install() -> None:
    """Have functions made from now on polled so."""
    event_manager.Poller = QuietPoller
