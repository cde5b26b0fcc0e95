"""Where an attempt may leave things beyond its own life: what was done already, files, parts of files."""

from collections.abc import Mapping
from typing import Any, Protocol

from huntaze_scraper.onlyfans.effects import Effect


class Once(Protocol):
    """Remembers, beyond the life of this process, what may have had its effect and what is done already."""

    @property
    def effect(self) -> Effect | None:
        """The last try at the effect, where its end is not known."""
        ...

    may_try: bool
    """Whether the effect may be tried again, or only be looked for."""

    async def record(self, effect: Effect) -> None:
        """Record that the effect is about to be tried.

        Raises:
            LeaseLost: another worker has the job: do not.
        """
        ...

    def settle(self, effect: Effect | None) -> None:
        """Take down what is known of the try by now, None where nothing came or comes of it. It is kept with the lease."""
        ...

    @property
    def progress(self) -> Mapping[str, Any]:
        """What is done already, in the action's own words; empty at first."""
        ...

    async def keep(self, progress: Mapping[str, Any]) -> None:
        """Remember what is done, in place of what was remembered before. Raises LeaseLost."""
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
    """Keeps files beside the job's result, and parts of what is not whole yet apart from it."""

    async def put(self, name: str, body: bytes, content_type: str) -> str:
        """Keep a file and return its URI."""
        ...

    def begin(self, name: str, content_type: str) -> Upload:
        """Begin a file whose length is not known."""
        ...

    async def keep_part(self, name: str, body: bytes) -> None:
        """Keep a part for a later attempt."""
        ...

    async def part(self, name: str) -> bytes | None:
        """Return a part, None where it is gone."""
        ...
