"""What lies in a dead-letter queue, and which of it an operator means."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.jobs import Job
from huntaze_scraper.queues import attributes
from huntaze_scraper.queues.attributes import (
    ADDED,
    ERROR_CLASS,
    REASON,
    REPLAY,
    RESULT_KEY,
    STATUS,
    Attributes,
)
from huntaze_scraper.rate_limiter.arrivals import Arrival

type QueueName = Literal["ingress", "workflows"]

QUEUES: tuple[QueueName, ...] = ("ingress", "workflows")
REDRIVE = "redrive"
"""The class of what no program set aside: SQS moved it after too many receives."""
REDRIVE_REASON = "SQS moved it after too many receives, before any program could say why: see jobs show"


@dataclass(frozen=True)
class DeadLetter:
    """One message of a dead-letter queue."""

    queue: QueueName
    message_id: str
    receipt_handle: str = field(repr=False)
    group_id: str
    """Empty on the ingress DLQ, which knows no groups."""
    at: datetime
    """When it was set aside; for what SQS itself moved off the ingress queue, when it was first sent."""
    body: str = field(repr=False)
    attributes: Attributes = field(repr=False)
    job: Job | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the job, if the body holds one."""
        try:
            job = jobs.parse(self.body)
        except InvalidJob:
            job = None
        object.__setattr__(self, "job", job)

    @property
    def job_id(self) -> str:
        """Empty where the body holds no job."""
        return self.job.job_id if self.job else ""

    @property
    def creator(self) -> str:
        """The account, as far as it can be told."""
        return self.job.account if self.job else self.group_id

    @property
    def error_class(self) -> str:
        """The class of the error that it died of."""
        return self.attribute(ERROR_CLASS) or REDRIVE

    @property
    def reason(self) -> str:
        """Why it lies here: in the words of the program that set it aside, if one did."""
        return self.attribute(REASON) or ("" if self.attribute(ERROR_CLASS) else REDRIVE_REASON)

    def attribute(self, name: str) -> str:
        """Return a message attribute's text, or nothing."""
        return attributes.text_of(self.attributes, name)

    def attributes_as_sent(self, replayed_at: datetime) -> dict[str, Any]:
        """Return the producer's own attributes for the way back; what limiter and scraper added stays behind.

        The mark tells the limiter that a job which it has forwarded before is no copy.
        """
        kept = {
            name: value
            for name, value in attributes.without_reasons(self.attributes).items()
            if name not in (*ADDED, REPLAY)
        }
        return {**kept, REPLAY: attributes.text(replayed_at.isoformat())}

    def refusal(self) -> str:
        """Say why the limiter would set it aside again, if it would."""
        arrival = Arrival(self.message_id, "", self.body, self.attributes_as_sent(self.at), 1, 0)
        try:
            arrival.job()
        except InvalidJob as error:
            return str(error)
        return ""

    def as_row(self) -> dict[str, Any]:
        """Return what a list shows: never what the job says."""
        return {
            "queue": self.queue,
            "message_id": self.message_id,
            "job_id": self.job_id or None,
            "creator_id": self.creator or None,
            "action": self.job.action if self.job else None,
            "at": self.at.isoformat(timespec="seconds"),
            ERROR_CLASS: self.error_class,
            STATUS: self.attribute(STATUS) or None,
            REASON: self.reason or None,
            RESULT_KEY: self.attribute(RESULT_KEY) or None,
        }


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which messages are meant: those that every given condition holds for."""

    queues: tuple[QueueName, ...] = QUEUES
    error_class: str = ""
    creator: str = ""
    since: datetime | None = None
    until: datetime | None = None
    ids: tuple[str, ...] = ()
    """Beginnings of message ids or job ids."""

    def takes(self, letter: DeadLetter) -> bool:
        """Tell whether the message is meant."""
        return (
            letter.queue in self.queues
            and self.error_class in ("", letter.error_class)
            and self.creator in ("", letter.creator)
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
            and (not self.ids or letter.message_id.startswith(self.ids) or letter.job_id.startswith(self.ids))
        )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was done about one message."""

    letter: DeadLetter
    done: Literal["replayed", "dropped", "copy removed", "left"]
    why: str = ""

    def as_row(self) -> dict[str, Any]:
        """Return it for a list."""
        return self.letter.as_row() | {"done": self.done, "why": self.why or None}
