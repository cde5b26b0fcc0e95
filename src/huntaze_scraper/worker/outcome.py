"""What became of a message, and what that means for the queue."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from huntaze_scraper.errors import ErrorClass


class Status(StrEnum):
    """A word for logs, metrics and results."""

    SUCCEEDED = "succeeded"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    """client_error: it will never work, so it is deleted."""
    FAILED = "failed"
    """A counted failure; the job comes back."""
    DEAD = "dead"
    """The last counted failure: the job is in the workflows DLQ."""
    UNCERTAIN = "uncertain"
    """Its effect may have happened, which cannot be found out: it is not tried again, and its owner is told."""
    RATE_LIMITED = "rate_limited"
    RETURNED = "returned"
    """Handed back with nothing counted: shutdown, pause, or a store or browser that does not answer."""


class Then(Enum):
    """What happens to the message."""

    DELETE = auto()
    COME_BACK = auto()
    LET_GO = auto()
    """It is another worker's: do not touch it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one message ended."""

    status: Status
    then: Then
    visibility_seconds: float = 0.0
    """After which it comes back, if it does."""
    error_class: ErrorClass | None = None
    reason: str = ""


def deleted(status: Status, error_class: ErrorClass | None = None, reason: str = "") -> Outcome:
    """The message is done with."""
    return Outcome(status, Then.DELETE, 0.0, error_class, reason)


def comes_back(status: Status, seconds: float, error_class: ErrorClass | None = None, reason: str = "") -> Outcome:
    """The message comes back after a while."""
    return Outcome(status, Then.COME_BACK, seconds, error_class, reason)
