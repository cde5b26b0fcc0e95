"""Waits for asynchronous invocations as long as SQS lets one: LocalStack's poller asks anew every two seconds."""

import logging
import time
from typing import Any

from localstack.services.lambda_.invocation import event_manager

LOG = logging.getLogger(__name__)

END = "the poller ends"
"""What wakes it; no invocation is encoded so."""
LONGEST_POLL_SECONDS = 20


class QuietPoller(event_manager.Poller):
    """LocalStack's, but for how it waits and is woken."""

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
                    VisibilityTimeout=version.config.timeout + 60,
                )
                for message in answer.get("Messages", []):
                    if message["Body"] == END:
                        queues.delete_message(QueueUrl=self.event_queue_url, ReceiptHandle=message["ReceiptHandle"])
                    elif not self._shutdown_event.is_set():
                        self.invoker_pool.submit(self.handle_message, message)
            except Exception as error:  # noqa: BLE001 - as LocalStack's: the queue may go first
                if not self._shutdown_event.is_set():
                    LOG.warning("invocations of %s cannot be polled: %s", version.qualified_arn, error)
                    time.sleep(1)

    def stop(self) -> None:
        """Take no more invocations, and end the poll under way."""
        super().stop()
        queues = event_manager.get_sqs_client(self.version_manager.function_version)
        queues.send_message(QueueUrl=self.event_queue_url, MessageBody=END)


def install() -> None:
    """Have functions made from now on polled so."""
    event_manager.Poller = QuietPoller
