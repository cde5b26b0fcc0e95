"""The queues that SQS makes here: LocalStack's, with AWS's order and retention."""

from localstack.runtime import hooks
from localstack.services.sqs import models, provider
from localstack.services.sqs.exceptions import InvalidParameterValueException
from localstack.services.sqs.models import SqsMessage
from localstack.services.sqs.utils import extract_receipt_handle_info

from localprocs.fifo_groups import GroupsInOrder
from localprocs.retention import Retention


class StandardQueue(Retention, models.StandardQueue):
    """A standard queue."""


class FifoQueue(Retention, GroupsInOrder):
    """A FIFO queue, whose messages are deleted, and hidden for longer, by the handle of their last receive alone."""

    def update_visibility_timeout(self, receipt_handle: str, visibility_timeout: int) -> None:
        """Change when a message comes back; by an old handle nothing is, as by one whose time is over."""
        with self.mutex:
            message = self.receipts.get(receipt_handle)
            if message is None or _is_newest(receipt_handle, message):
                super().update_visibility_timeout(receipt_handle, visibility_timeout)

    def _pre_delete_checks(self, message: SqsMessage, receipt_handle: str) -> None:
        super()._pre_delete_checks(message, receipt_handle)
        if not _is_newest(receipt_handle, message):
            raise InvalidParameterValueException(
                f"Value {receipt_handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
            )


def _is_newest(receipt_handle: str, message: SqsMessage) -> bool:
    return bool(extract_receipt_handle_info(receipt_handle).last_received == str(message.last_received))


@hooks.on_infra_start()
def make_our_queues() -> None:
    """Make these from now on."""
    provider.StandardQueue = StandardQueue
    provider.FifoQueue = FifoQueue
    order_messages_of_one_moment()


def order_messages_of_one_moment() -> None:
    """Have messages that were sent while the clock stood still in order, and at once.

    LocalStack delays each until the clock has moved, in a set, and compares them by time alone.
    """
    SqsMessage.is_delayed = property(_is_delayed)
    SqsMessage.__lt__ = _is_before


def _is_delayed(message: SqsMessage) -> bool:
    return bool(message.delay_seconds) and models.time.time() <= message.created + message.delay_seconds


def _is_before(message: SqsMessage, other: SqsMessage) -> bool:
    return (message.priority, message.sequence_number or "") < (other.priority, other.sequence_number or "")
