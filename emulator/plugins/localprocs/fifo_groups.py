"""What a FIFO queue hides, it hides for its group alone: LocalStack lets one hidden message hold up every group.

On AWS no message of a group is given out while another of that group is in flight, and no group waits for another
(SQS Developer Guide, "FIFO queue delivery logic"). LocalStack looks for messages that are due in the order in which
they were received and stops at the first that is not, whatever its group; and a message that is handed back makes its
group visible although others of it are still in flight.
"""

from collections.abc import Callable
from typing import Any

from localstack.runtime import hooks
from localstack.services.sqs.models import FifoQueue
from localstack.utils.patch import patch


@hooks.on_infra_start()
def hide_by_group() -> None:
    """Have every FIFO queue do as AWS's from now on."""
    FifoQueue.requeue_inflight_messages = requeue_inflight_messages

    @patch(FifoQueue.update_visibility_timeout)
    def _update(original: Callable[..., None], self: FifoQueue, receipt_handle: str, visibility_timeout: int) -> None:
        if visibility_timeout == 0:
            hand_back(original, self, receipt_handle)
        else:
            original(self, receipt_handle, visibility_timeout)


def requeue_inflight_messages(queue: Any) -> None:
    """Make the messages visible whose time has come, but for groups of which another message is still in flight."""
    with queue.mutex:
        inflight = list(queue.inflight)
        hidden = {message.message_group_id for message in inflight if not message.is_visible}
        for message in inflight:
            if message.message_group_id not in hidden:
                del queue.inflight[message]
                queue._put_message(message)  # noqa: SLF001 - the method's own


def hand_back(change_visibility: Callable[..., None], queue: Any, receipt_handle: str) -> None:
    """Make a message visible at once, as far as its group lets it."""
    # A visibility of 0 would put it on the queue past the rest of its group: let it be due instead.
    change_visibility(queue, receipt_handle, -1)
    queue.requeue_inflight_messages()
