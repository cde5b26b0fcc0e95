"""A message as ReceiveMessage returns it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from huntaze_scraper.queues.attributes import Attributes, as_sent

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

EVERYTHING: Any = {"MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"]}
"""What a receive asks for, so that the message can be read whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message."""

    message_id: str
    receipt_handle: str = field(repr=False)
    body: str = field(repr=False)
    attributes: Attributes = field(repr=False)
    sent_at_ms: int | None
    receive_count: int
    group_id: str
    """Empty on a standard queue."""
    deduplication_id: str
    """The message id on a standard queue."""

    @classmethod
    def read(cls, raw: "MessageTypeDef") -> Self:
        """Read a message of a receive's answer."""
        system: Mapping[Any, str] = raw.get("Attributes", {})
        return cls(
            message_id=raw["MessageId"],
            receipt_handle=raw["ReceiptHandle"],
            body=raw["Body"],
            attributes=as_sent(raw.get("MessageAttributes", {})),
            sent_at_ms=int(system["SentTimestamp"]) if "SentTimestamp" in system else None,
            receive_count=int(system.get("ApproximateReceiveCount", 1)),
            group_id=system.get("MessageGroupId", ""),
            deduplication_id=system.get("MessageDeduplicationId", raw["MessageId"]),
        )
