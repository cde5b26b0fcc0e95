"""What a dead client's receive would have brought goes to others at once, and was never received.

On AWS a poll ends with its client. LocalStack's goes on, and takes what comes next with it for a whole visibility
time-out. Here the messages go back, as they were, when their answer does not reach the client.
"""

from collections.abc import Callable
from typing import Any

from localstack.aws.api.sqs import MessageSystemAttributeName
from localstack.runtime import hooks
from localstack.services.sqs.models import FifoQueue, ReceiveMessageResult, SqsQueue, StandardQueue
from localstack.utils.patch import patch

from localprocs.gateway.delivery import give_back_unless_delivered


@hooks.on_infra_start()
def take_back_what_nobody_gets() -> None:
    """Have every receive know its way back from now on."""
    for kind in (StandardQueue, FifoQueue):

        @patch(kind.receive)
        def _receive(
            original: Callable[..., ReceiveMessageResult], self: SqsQueue, *arguments: Any, **named: Any
        ) -> ReceiveMessageResult:
            result = original(self, *arguments, **named)
            if result.successful:
                give_back_unless_delivered(lambda: take_back(self, result))
            return result


def take_back(queue: Any, result: ReceiveMessageResult) -> None:
    """Make messages visible that nobody got, unless they went their way meanwhile."""
    with queue.mutex:
        taken = [
            message
            for message, handle in zip(result.successful, result.receipt_handles, strict=True)
            if message in queue.inflight and queue.receipts.get(handle) is message
        ]
        for message in taken:
            message.update_visibility_timeout(0)
            message.receive_count -= 1
            attributes = message.message["Attributes"]
            attributes[MessageSystemAttributeName.ApproximateReceiveCount] = str(message.receive_count)
        queue.requeue_inflight_messages()
