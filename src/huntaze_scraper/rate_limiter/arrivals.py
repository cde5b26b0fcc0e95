"""A message of the ingress queue as the function's event brings it, and the job in it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.jobs import Job

ADDED_ATTRIBUTES = ("rate_limit_timestamp", "tokens_remaining", "rate_limiter_version")
"""What the limiter adds to each message (requirement 2.4); an original attribute of such a name gives way."""

REPLAY_ATTRIBUTE = "replay"
"""Marks a message that was sent again on purpose, so that it is not taken for a copy."""

MAX_ATTRIBUTES = 10
"""SQS's limit for one message."""

MAX_MESSAGE_BYTES = 262_144
"""SQS's classic limit for a message with its attributes, and for a batch of them."""

ADDED_BYTES = 256
"""More than the added attributes ever take."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One received message."""

    message_id: str
    receipt_handle: str
    body: str
    attributes: Mapping[str, Mapping[str, Any]]
    """Message attributes, as SendMessage takes them."""
    receive_count: int
    sent_at: int
    """SentTimestamp, ms."""

    @property
    def kept_attributes(self) -> dict[str, Mapping[str, Any]]:
        """The original's attributes that go on; the mark of a replay is meant for the limiter alone."""
        stay = {*ADDED_ATTRIBUTES, REPLAY_ATTRIBUTE}
        return {name: value for name, value in self.attributes.items() if name not in stay}

    @property
    def size(self) -> int:
        """Bytes as SQS counts them: the body, and each attribute's name, type and value."""
        return len(self.body.encode()) + sum(_attribute_size(name, it) for name, it in self.kept_attributes.items())

    @property
    def is_replay(self) -> bool:
        """Whether it was sent again on purpose."""
        return REPLAY_ATTRIBUTE in self.attributes

    def job(self) -> Job:
        """Read the job.

        Raises:
            InvalidJob: it can never be carried out, or not be forwarded whole.
        """
        job = jobs.parse(self.body)
        most = MAX_ATTRIBUTES - len(ADDED_ATTRIBUTES)
        if len(self.kept_attributes) > most:
            raise InvalidJob(
                f"{len(self.kept_attributes)} message attributes, more than the {most} that SQS leaves room for"
            )
        if self.size > MAX_MESSAGE_BYTES - ADDED_BYTES:
            raise InvalidJob(f"body and attributes have {self.size} bytes, which leaves no room for those to add")
        return job


def read(record: Mapping[str, Any]) -> Arrival:
    """Read one record of the event that Lambda makes of a batch."""
    system = record["attributes"]
    return Arrival(
        message_id=record["messageId"],
        receipt_handle=record["receiptHandle"],
        body=record["body"],
        attributes={name: _attribute(value) for name, value in (record.get("messageAttributes") or {}).items()},
        receive_count=int(system["ApproximateReceiveCount"]),
        sent_at=int(system["SentTimestamp"]),
    )


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    kind = value["dataType"]
    if kind.split(".")[0] == "Binary":
        return {"DataType": kind, "BinaryValue": base64.b64decode(value["binaryValue"])}
    return {"DataType": kind, "StringValue": value["stringValue"]}


def _attribute_size(name: str, value: Mapping[str, Any]) -> int:
    content = value["BinaryValue"] if "BinaryValue" in value else value["StringValue"].encode()
    return len(name.encode()) + len(value["DataType"].encode()) + len(content)
