"""A message in hand."""

from dataclasses import dataclass, field

from huntaze_scraper import jobs
from huntaze_scraper.back_off import spread, stand_by_seconds
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.jobs import Action, Job
from huntaze_scraper.queues.attributes import Attributes
from huntaze_scraper.queues.limits import IN_FLIGHT_SECONDS

LEASE_MARGIN_SECONDS = 1.0
"""A lease ends before its message comes back: SQS's clock started a moment before ours."""

WITHOUT_PAGE = frozenset[Action]({"download_media"})


@dataclass(slots=True, eq=False)
class Message:
    """One message of the workflows queue, from its receive until it is deleted or handed back."""

    message_id: str
    receipt_handle: str = field(repr=False)
    group_id: str
    deduplication_id: str
    body: str = field(repr=False)
    attributes: Attributes
    sent_at: float
    received_at: float
    receive_count: int
    invisible_until: float
    lost: bool = False
    """Whether its visibility ended while it was in hand: it is somebody else's now."""
    job: Job | None = field(init=False, repr=False)
    """None where the body holds none."""
    fault: str = field(init=False, default="")
    """Why it holds none."""

    def __post_init__(self) -> None:
        """Read the job from the body."""
        try:
            self.job = jobs.parse(self.body)
        except InvalidJob as error:
            self.job, self.fault = None, str(error)

    @property
    def lease_until(self) -> float:
        """Until when the job may be held for this message."""
        return self.invisible_until - LEASE_MARGIN_SECONDS

    @property
    def needs_page(self) -> bool:
        """Whether its job works in a page: one that only downloads asks for cookies, and may take long."""
        return self.job is None or self.job.action not in WITHOUT_PAGE

    @property
    def log_fields(self) -> dict[str, str]:
        """What every line about the message tells."""
        return {
            "message_id": self.message_id,
            "creator_id": self.job.account if self.job else self.group_id,
            "action": self.job.action if self.job else "unreadable",
            "correlation_id": self.job.correlation_id if self.job else self.deduplication_id,
            "job_id": self.job.job_id if self.job else self.deduplication_id,
        }

    @property
    def stand_by_seconds(self) -> float:
        """How long it stays away when something of ours does not work."""
        return spread(stand_by_seconds(self.receive_count), f"{self.message_id}/{self.receive_count}")

    def longest_visibility(self, now: float) -> int:
        """Return the longest visibility timeout that SQS still takes, seconds."""
        return max(int(IN_FLIGHT_SECONDS - (now - self.received_at)) - 1, 0)
