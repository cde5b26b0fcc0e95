"""A message of the ingress queue as the function's event brings it, and the job in it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.jobs import Job
from huntaze_scraper.queues import attributes
from huntaze_scraper.queues.attributes import ADDED, ADDED_BYTES, REPLAY, Attributes
from huntaze_scraper.queues.limits import MAX_ATTRIBUTES, MAX_MESSAGE_BYTES


@dataclass(frozen=True, slots=True)
class Arrival:
    """One received message."""

    message_id: str
    receipt_handle: str
    body: str
    attributes: Attributes
    receive_count: int
    sent_at: int
    """SentTimestamp, ms."""

    @property
    def kept_attributes(self) -> dict[str, Mapping[str, Any]]:
        """The original's attributes that go on; the mark of a replay is meant for the limiter alone."""
        stay = {*ADDED, REPLAY}
        return {name: value for name, value in self.attributes.items() if name not in stay}

    @property
    def size(self) -> int:
        """Bytes as SQS counts them: the body, and each attribute's name, type and value."""
        return len(self.body.encode()) + attributes.size(self.kept_attributes)

    @property
    def is_replay(self) -> bool:
        """Whether it was sent again on purpose."""
        return REPLAY in self.attributes

    def job(self) -> Job:
        """Read the job.

        Raises:
            InvalidJob: it can never be carried out, or not be forwarded whole.
        """
        job = jobs.parse(self.body)
        most = MAX_ATTRIBUTES - len(ADDED)
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
