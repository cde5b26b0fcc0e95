"""The item of a job's place at the limiter, ``slot#<job id>``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from huntaze_scraper.state.attributes import known

KEPT_SECONDS = 14 * 24 * 3600
"""How long a place outlives its last use: the longest that a copy can lie in a queue."""


@dataclass(frozen=True, slots=True)
class Place:
    """A job's place in the line, from its first receive on. Moments are milliseconds since the epoch."""

    account: str
    slot_at: int
    """When its message comes back, as it was told first."""
    number: int = 0
    """Tells apart what was sent in one millisecond: the order in which it was received."""
    priority: str = ""
    sent_at: int = 0
    message_id: str = ""
    """The message that waits for it; empty where a version without a line wrote the item, and it has no place."""
    forwarded_at: int | None = None
    was_asleep: bool = False
    """It was forwarded while its message slept, which may come back all the same."""

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        """Read the item."""
        return cls(**known(cls, item))

    def write(self) -> dict[str, Any]:
        """Write the item, but for when it expires."""
        return {name: value for name, value in asdict(self).items() if value is not None}
