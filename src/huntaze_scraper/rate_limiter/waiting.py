"""A job that waits: its message as it came, kept so that whichever message comes back can send it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from huntaze_scraper import jobs
from huntaze_scraper.jobs import Job, Priority
from huntaze_scraper.limit.line import Next
from huntaze_scraper.rate_limiter.arrivals import Arrival


@dataclass(frozen=True)
class Waiting:
    """One waiting job."""

    arrival: Arrival
    """Its message, as it was received last."""
    wakes_at: int
    """When its message comes back, ms."""
    number: int
    """See ``Place.number``."""

    @cached_property
    def job(self) -> Job:
        """The job."""
        return jobs.parse(self.arrival.body)

    @property
    def turn(self) -> Next:
        """Where in the line it stands."""
        return Next(self.job.priority, self.job.account)

    @property
    def order(self) -> str:
        """Its place among the account's jobs of its priority, as they were sent: texts stand in that order."""
        return f"{self.arrival.sent_at:015d}#{self.number:015d}"

    def write(self) -> dict[str, Any]:
        """Write the item."""
        it = self.arrival
        return {
            "message_id": it.message_id,
            "receipt_handle": it.receipt_handle,
            "body": it.body,
            "attributes": dict(it.attributes),
            "receive_count": it.receive_count,
            "sent_at": it.sent_at,
            "wakes_at": self.wakes_at,
            "number": self.number,
        }

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        """Read the item."""
        names = ("message_id", "receipt_handle", "body", "attributes", "receive_count", "sent_at")
        return cls(Arrival(**{name: item[name] for name in names}), item["wakes_at"], item["number"])


def partition(priority: Priority, account: str) -> str:
    """Name the part of the line in which an account's jobs of a priority stand."""
    return f"{priority}#{account}"
