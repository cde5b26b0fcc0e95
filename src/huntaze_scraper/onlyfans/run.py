"""What an action is given: the job, a tab, and where it may leave things."""

from dataclasses import dataclass

from huntaze_scraper.clock import Clock
from huntaze_scraper.jobs import Job
from huntaze_scraper.onlyfans.keeping import Artifacts, Once
from huntaze_scraper.onlyfans.tab import Tab


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a job."""

    job: Job
    tab: Tab
    once: Once
    artifacts: Artifacts
    clock: Clock
    seconds: float
    """How long the site may take to answer."""
    settle_seconds: float = 0.0
    """How long an effect that was tried before, without an answer, may yet take to show."""
