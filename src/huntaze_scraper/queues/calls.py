"""Calls in batches: each entry succeeds or fails by itself, so the reply's Failed entries are read, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SqsError = (ClientError, BotoCoreError)
"""What boto3 raises where a call was refused or not answered."""


GONE = {"ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue", "InvalidParameterValueException"}
"""What SQS answers about a message that is not in flight any more; any other code tells of trouble that may pass."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An entry that failed, though the call did not."""

    place: int
    """In what was handed over."""
    code: str
    sender_fault: bool
    """Trying again would not help."""

    @property
    def is_gone(self) -> bool:
        """Whether the message's visibility is no longer ours to change."""
        return self.code.removeprefix("AWS.SimpleQueueService.") in GONE


def send(client: "SQSClient", url: str, messages: Sequence[dict[str, Any]]) -> list[Failed]:
    """Send at most ten messages in one call, and return what failed. Raises SqsError."""
    entries: Any = [{"Id": str(place), **message} for place, message in enumerate(messages)]
    return _failed(client.send_message_batch(QueueUrl=url, Entries=entries), len(entries))


def change_visibility(client: "SQSClient", url: str, seconds: Sequence[tuple[str, int]]) -> list[Failed]:
    """Set when at most ten messages (their receipt handles) come back, in order, and return what failed. Raises SqsError."""
    entries: Any = [
        {"Id": str(place), "ReceiptHandle": handle, "VisibilityTimeout": each}
        for place, (handle, each) in enumerate(seconds)
    ]
    return _failed(client.change_message_visibility_batch(QueueUrl=url, Entries=entries), len(entries))


def delete(client: "SQSClient", url: str, handles: Sequence[str]) -> list[Failed]:
    """Delete at most ten messages by their receipt handles, and return what failed. Raises SqsError."""
    entries: Any = [{"Id": str(place), "ReceiptHandle": handle} for place, handle in enumerate(handles)]
    return _failed(client.delete_message_batch(QueueUrl=url, Entries=entries), len(entries))


def code(error: Exception) -> str:
    """Return the code that SQS answered with, or the kind of the error where it did not answer."""
    return str(error.response.get("Error", {}).get("Code")) if isinstance(error, ClientError) else type(error).__name__


def is_refusal(error: Exception) -> bool:
    """Tell a request that was turned down from one whose end nobody knows."""
    if not isinstance(error, ClientError):
        return False
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status < HTTPStatus.INTERNAL_SERVER_ERROR


def _failed(answer: Any, count: int) -> list[Failed]:
    failed = {
        int(each["Id"]): Failed(int(each["Id"]), each["Code"], each["SenderFault"]) for each in answer.get("Failed", [])
    }
    told = {int(each["Id"]) for each in answer.get("Successful", [])} | failed.keys()
    # Of what the reply passes over nobody knows what became.
    return [
        *failed.values(),
        *(Failed(place, "NoAnswer", sender_fault=False) for place in range(count) if place not in told),
    ]
