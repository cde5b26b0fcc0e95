"""A message in hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST_IN_FLIGHT_SECONDS = 12 * 3600
"""SQS counts a message's visibility from its receive, however often it is changed."""


@dataclass(slots=True, eq=False)
class Message:
    """One message of the workflows queue, from its receive until it is deleted or handed back."""

    message_id: str
    receipt_handle: str = field(repr=False)
    group_id: str
    deduplication_id: str
    body: str = field(repr=False)
    attributes: Mapping[str, Any]
    sent_at: float
    received_at: float
    receive_count: int
    invisible_until: float
    lost: bool = False
    """Whether its visibility ended while it was in hand: it is somebody else's now."""

    def longest_visibility(self, now: float) -> int:
        """Return the longest visibility timeout that SQS still takes, seconds."""
        return max(int(LONGEST_IN_FLIGHT_SECONDS - (now - self.received_at)) - 1, 0)
