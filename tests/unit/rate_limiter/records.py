"""Lambda's SQS events, as the event source mapping makes them."""

import json
from collections.abc import Mapping
from typing import Any

from huntaze_scraper.jobs import Job
from huntaze_scraper.rate_limiter import arrivals
from huntaze_scraper.rate_limiter.arrivals import Arrival

SENT_AT = 1_700_000_000_000
NOT_JSON = "the job is not JSON: Expecting property name enclosed in double quotes at line 1, column 2"
"""Why ``{no job`` is refused."""


def payload(**changed: Any) -> dict[str, Any]:
    """A valid job's content."""
    return {
        "action": "send_message",
        "creator_id": "creator",
        "user_id": "fan",
        "message_content": "Hello",
        "timestamp": "2025-01-01T00:00:00Z",
        **changed,
    }


def record(
    body: str | Mapping[str, Any] | None = None,
    *,
    message_id: str = "message-1",
    receive_count: int = 1,
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One record of an event; attributes as Lambda writes them."""
    return {
        "messageId": message_id,
        "receiptHandle": f"handle of {message_id}",
        "body": body if isinstance(body, str) else json.dumps(payload() if body is None else body),
        "attributes": {
            "ApproximateReceiveCount": str(receive_count),
            "SentTimestamp": str(SENT_AT),
            "SenderId": "AIDA",
            "ApproximateFirstReceiveTimestamp": str(SENT_AT + 5),
        },
        "messageAttributes": dict(attributes or {}),
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:ingress",
        "awsRegion": "us-east-1",
    }


def text(value: str, kind: str = "String") -> dict[str, Any]:
    """A message attribute of text or number."""
    return {"dataType": kind, "stringValue": value, "stringListValues": [], "binaryListValues": []}


def arrival(*arguments: Any, **named: Any) -> Arrival:
    """A received message."""
    return arrivals.read(record(*arguments, **named))


def job_of(it: Arrival) -> Job:
    """The job in a received message."""
    return it.job()
