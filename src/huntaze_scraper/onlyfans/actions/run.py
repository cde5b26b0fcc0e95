"""What an action is given: the job, a tab, and where it may leave things."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.jobs import Job
from huntaze_scraper.onlyfans.tab import Tab


class Once(Protocol):
    """Remembers, beyond the life of this process, that an outward effect may have happened."""

    @property
    def mark(self) -> Mapping[str, str] | None:
        """What was recorded before the first try at the effect; None if none was made."""
        ...

    async def record(self, mark: Mapping[str, str]) -> None:
        """Record that the effect is about to be tried.

        Raises:
            LeaseLost: another worker has the job: do not.
        """
        ...


class Artifacts(Protocol):
    """Keeps files beside the job's result."""

    async def put(self, name: str, body: bytes, content_type: str) -> str:
        """Keep a file and return its S3 URI."""
        ...


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
