"""The item of a job's place at the limiter, ``slot#<job id>``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from huntaze_scraper.state.attributes import known


@dataclass(frozen=True, slots=True)
class Reservation:
    """A job's place: its slot, and its number in its account's line. Moments are milliseconds since the epoch."""

    account: str
    number: int
    slot_at: int
    granted_at: int | None = None
    """When it was let go; until ``forwarded_at`` is known as well, nobody knows whether it has gone."""
    forwarded_at: int | None = None

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        """Read the item."""
        return cls(**known(cls, item))

    def write(self) -> dict[str, Any]:
        """Write the item, but for when it expires."""
        return {name: value for name, value in asdict(self).items() if value is not None}
