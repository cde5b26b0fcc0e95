"""A queue's messages as the records of a Lambda event."""

import base64
from collections.abc import Mapping
from typing import Any

type Message = Mapping[str, Any]
"""A message as ReceiveMessage returns it."""


def record(message: Message, queue_arn: str) -> dict[str, Any]:
    """Write a message as a function reads it; its body is passed on letter for letter."""
    written = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {name: _attribute(each) for name, each in message.get("MessageAttributes", {}).items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if digest := message.get("MD5OfMessageAttributes"):
        written["md5OfMessageAttributes"] = digest
    return written


def _attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": attribute["DataType"]}
    if "StringValue" in attribute:
        written["stringValue"] = attribute["StringValue"]
    if "BinaryValue" in attribute:
        written["binaryValue"] = base64.b64encode(attribute["BinaryValue"]).decode()
    return written
