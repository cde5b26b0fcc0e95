"""What was decided about each message, as a line of the log and a count."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from huntaze_scraper.jobs import Job
from huntaze_scraper.rate_limiter import shape
from huntaze_scraper.rate_limiter.arrivals import Arrival


class Forwarding(StrEnum):
    """Where the message is now."""

    FORWARDED = "forwarded"
    DUPLICATE = "duplicate"
    """A job of the same content was forwarded before; this message is dropped."""
    GONE = "gone"
    """Its job was forwarded while it slept, which was told then; it came back before it was deleted."""
    DELAYED = "delayed"
    """Not its turn: it comes back at its slot, or was woken for another's turn."""
    BEHIND = "behind"
    """There is a token, but only accounts wait of which somebody is sending: it comes back soon."""
    FAILED = "failed"
    """The workflows queue or the store did not take it: it comes back after a back-off."""
    SET_ASIDE = "set_aside"
    """It can never be carried out: it lies in the dead-letter queue, with the reason."""


HANDLED = frozenset({Forwarding.FORWARDED, Forwarding.DUPLICATE, Forwarding.GONE, Forwarding.SET_ASIDE})
"""The message has left the ingress queue for good; any other comes back to it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one message."""

    arrival: Arrival
    forwarding: Forwarding
    job: Job | None = None
    retry_after: int | None = None
    """Seconds until it comes back."""
    tokens_remaining: int | None = None
    reason: str | None = None

    @property
    def is_handled(self) -> bool:
        """Whether the message may be deleted from the ingress queue."""
        return self.forwarding in HANDLED

    def as_log(self) -> dict[str, Any]:
        """Return the fields of the decision's log line (requirement 1.5): never what the job says."""
        job = self.job
        return {
            "message_id": self.arrival.message_id,
            "allowed": self.forwarding is Forwarding.FORWARDED,
            "forwarded": self.forwarding is Forwarding.FORWARDED,
            "forwarding": self.forwarding.value,
            "retry_after": self.retry_after,
            "tokens_remaining": self.tokens_remaining,
            "receive_count": self.arrival.receive_count,
            "reason": self.reason,
            "job_id": job.job_id if job else None,
            "correlation_id": job.correlation_id if job else None,
            "creator_id": job.account if job else None,
            "action": job.action if job else None,
            "sent_at": self.arrival.sent_at,
            # The job's form is told once, when its message comes first.
            **(shape.of(job) if job and self.arrival.receive_count == 1 else {}),
        }


def count_by_action(decisions: Iterable[Decision], *forwardings: Forwarding) -> Counter[str]:
    """Count the decisions of these kinds by the job's action."""
    return Counter(it.job.action for it in decisions if it.job and it.forwarding in forwardings)
