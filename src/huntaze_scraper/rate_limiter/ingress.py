"""What the limiter does to the ingress queue: hide a message for a while, set one aside for good."""

from collections.abc import Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from huntaze_scraper.errors import HuntazeError
from huntaze_scraper.queues import attributes, calls
from huntaze_scraper.queues.attributes import ERROR_CLASS, REASON
from huntaze_scraper.queues.calls import SqsError
from huntaze_scraper.queues.limits import MAX_ENTRIES, MAX_HIDDEN_SECONDS
from huntaze_scraper.rate_limiter.arrivals import Arrival

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


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
        hidden = [arrival for arrival in arrivals if arrival.message_id in seconds]
        for some in batched(hidden, MAX_ENTRIES, strict=False):
            if left := self._hide(seconds, some):
                self._hide(seconds, left)

    def delete(self, arrivals: Sequence[Arrival]) -> None:
        """Delete messages that sleep, and whose jobs have gone; one that stays comes back, and is known as done."""
        for some in batched(arrivals, MAX_ENTRIES, strict=False):
            try:
                failed = calls.delete(self._client, self._queue_url, [it.receipt_handle for it in some])
            except SqsError as error:
                self._logger.warning("messages not deleted", error=type(error).__name__, count=len(some))
                continue
            for each in failed:
                self._logger.warning("message not deleted", message_id=some[each.place].message_id, error=each.code)

    def set_aside(self, arrival: Arrival, *, reason: str, error_class: str) -> None:
        """Put the message on the dead-letter queue as it came, with the reason.

        Raises:
            CannotSetAside: the queue did not take it.
        """
        why: Any = attributes.with_reasons(arrival.attributes, {REASON: reason, ERROR_CLASS: error_class})
        try:
            self._client.send_message(QueueUrl=self._dlq_url, MessageBody=arrival.body, MessageAttributes=why)
        except SqsError as error:
            raise CannotSetAside(calls.code(error)) from error

    def _hide(self, seconds: Mapping[str, int], arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Make the call and return the messages worth a second one."""
        hidden = [(it.receipt_handle, min(seconds[it.message_id], MAX_HIDDEN_SECONDS)) for it in arrivals]
        try:
            failed = calls.change_visibility(self._client, self._queue_url, hidden)
        except SqsError as error:
            self._logger.warning("visibility not changed", error=type(error).__name__, count=len(hidden))
            return list(arrivals)
        for each in failed:
            self._logger.warning(
                "visibility not changed",
                message_id=arrivals[each.place].message_id,
                error=each.code,
                sender_fault=each.sender_fault,
            )
        return [arrivals[each.place] for each in failed if not each.sender_fault]
