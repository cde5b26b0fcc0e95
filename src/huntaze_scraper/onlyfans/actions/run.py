"""What an action is given: the job, a tab, and where it may leave things."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

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


class Upload(Protocol):
    """A file that arrives piece by piece. Its methods block: they run in the thread that reads."""

    def write(self, piece: bytes) -> None:
        """Add to the file. Raises StoreUnavailable, as all do."""
        ...

    def finish(self) -> str:
        """Keep the file and return its URI."""
        ...

    def abort(self) -> None:
        """Forget what was written."""
        ...


class Artifacts(Protocol):
    """Keeps files beside the job's result."""

    async def put(self, name: str, body: bytes, content_type: str) -> str:
        """Keep a file and return its URI."""
        ...

    def begin(self, name: str, content_type: str) -> Upload:
        """Begin a file whose length is not known."""
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
    settle_seconds: float = 0.0
    """How long an effect that was tried before, without an answer, may yet take to show."""
