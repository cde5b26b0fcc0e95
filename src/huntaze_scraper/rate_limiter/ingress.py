"""What the limiter does to the ingress queue: hide a message for a while, set one aside for good."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.errors import HuntazeError
from huntaze_scraper.rate_limiter.arrivals import MAX_ATTRIBUTES, MAX_MESSAGE_BYTES, Arrival

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_HIDDEN_SECONDS = 12 * 3600 - 60
"""SQS hides a message for 12 h at most, counted from its receipt; longer waits take several hops."""

MAX_ENTRIES = 10


class CannotSetAside(HuntazeError):
    """The dead-letter queue did not take the message: it stays where it is."""


class Ingress:
    """The ingress queue and its dead-letter queue."""

    def __init__(self, client: "SQSClient", queue_url: str, dlq_url: str, logger: Logger) -> None:
        """Use the queues."""
        self._client = client
        self._queue_url = queue_url
        self._dlq_url = dlq_url
        self._logger = logger

    def hide(self, seconds: Mapping[str, int], arrivals: Sequence[Arrival]) -> None:
        """Keep each message away for its seconds (by message id).

        A change that fails is logged and not raised: the message comes back when
        the queue's own visibility timeout ends, and finds its slot.
        """
        entries = [
            {
                "Id": str(place),
                "ReceiptHandle": arrival.receipt_handle,
                "VisibilityTimeout": min(seconds[arrival.message_id], MAX_HIDDEN_SECONDS),
            }
            for place, arrival in enumerate(arrivals)
            if arrival.message_id in seconds
        ]
        for start in range(0, len(entries), MAX_ENTRIES):
            left = self._change_visibility(entries[start : start + MAX_ENTRIES], arrivals)
            if left:
                self._change_visibility(left, arrivals)

    def set_aside(self, arrival: Arrival, *, reason: str, error_class: str) -> None:
        """Put the message on the dead-letter queue as it came, with the reason.

        Raises:
            CannotSetAside: the queue did not take it.
        """
        attributes = _with_reason(arrival, reason, error_class)
        try:
            self._client.send_message(QueueUrl=self._dlq_url, MessageBody=arrival.body, MessageAttributes=attributes)
        except (ClientError, BotoCoreError) as error:
            raise CannotSetAside(type(error).__name__) from error

    def _change_visibility(self, entries: list[Any], arrivals: Sequence[Arrival]) -> list[Any]:
        """Make the call and return the entries worth a second one."""
        try:
            answer = self._client.change_message_visibility_batch(QueueUrl=self._queue_url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            self._logger.warning("visibility not changed", error=type(error).__name__, count=len(entries))
            return entries
        again = []
        for failed in answer.get("Failed", []):
            arrival = arrivals[int(failed["Id"])]
            self._logger.warning(
                "visibility not changed",
                message_id=arrival.message_id,
                error=failed["Code"],
                sender_fault=failed["SenderFault"],
            )
            if not failed["SenderFault"]:
                again.append(next(entry for entry in entries if entry["Id"] == failed["Id"]))
        return again


def _with_reason(arrival: Arrival, reason: str, error_class: str) -> Any:
    """Add the reason to the attributes, as far as SQS's limits leave room for it; the original's come first."""
    room = MAX_MESSAGE_BYTES - arrival.size
    attributes: dict[str, Mapping[str, Any]] = dict(arrival.attributes)
    for name, text in (("reason", reason), ("error_class", error_class)):
        cost = len(name) + len("String") + len(text.encode())
        if cost <= room and (name in attributes or len(attributes) < MAX_ATTRIBUTES):
            attributes[name] = {"DataType": "String", "StringValue": text}
            room -= cost
    return attributes
