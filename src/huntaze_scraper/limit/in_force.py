"""The scope in force: all processes count by one scope at a time, also while one is changed for the other.

A process that starts with another scope than is in force puts its own in force. Whoever counted by the old one finds
that out within ``LOOK_SECONDS``, and lets nothing pass any more; the new one lets something pass once that time, and
the window after what was let pass last, are over. So no window holds more than either scope allows.

A process that is still there ``OUTLASTED_SECONDS`` later has outlasted the other: its deployment was taken back, and the
last of its processes came up when its successor's had. It puts its own scope in force again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.state.table import ConditionFailed, Conflict, StateTable

LOOK_SECONDS = 15.0
"""For how long a look holds."""
OUTLASTED_SECONDS = 600.0
"""Longer than a process of the version before lives beside its successor: ECS gives a task two minutes to end."""
MOST_CONFLICTS = 5


@dataclass(frozen=True, slots=True)
class InForce:
    """The scope in force, as it is stored."""

    scope: str
    since: int = 0
    """Milliseconds since the epoch; 0 for the first one, before which nothing was counted."""


class Marks(Protocol):
    """Where it is stored. Calls raise StoreUnavailable where there is no answer."""

    def read(self) -> InForce | None:
        """Return what is in force, if anything was yet."""
        ...

    def write(self, before: InForce | None, after: InForce) -> bool:
        """Put another one in force, and tell whether it still was as before: if not, nothing is stored."""
        ...


class Scope:
    """The scope that a process counts by."""

    def __init__(self, marks: Marks, scope: str, pause_seconds: float, clock: Clock) -> None:
        """Count by ``scope``, once it has been in force for the pause."""
        self._marks = marks
        self._scope = scope
        self._pause_ms = round((pause_seconds + LOOK_SECONDS) * 1000)
        self._clock = clock
        self._has_joined = False
        self._in_force: InForce | None = None
        self._looked_at = 0.0

    @property
    def is_known(self) -> bool:
        """Whether the last look holds, so that nobody is asked."""
        return self._in_force is not None and self._clock.monotonic() - self._looked_at < LOOK_SECONDS

    def opens_in(self) -> float:
        """Return the seconds until something may pass by this process's scope; 0 for now.

        Raises StoreUnavailable: nobody knows.
        """
        if not self.is_known:
            began = self._clock.monotonic()
            self._in_force, self._looked_at = self._look(), began
        in_force = self._in_force
        if in_force is None or in_force.scope != self._scope:
            return self._pause_ms / 1000  # another has taken over, and this process is about to end, or to outlast it
        left = in_force.since + self._pause_ms - self._now() if in_force.since else 0
        return max(left, 0) / 1000

    def _look(self) -> InForce:
        for _ in range(MOST_CONFLICTS):
            found = self._marks.read()
            if found and (found.scope == self._scope or (self._has_joined and not self._has_outlasted(found))):
                self._has_joined = True
                return found
            own = InForce(self._scope, self._now() if found else 0)
            if self._marks.write(found, own):
                self._has_joined = True
                return own
        raise StoreUnavailable("the scope in force was changed again and again")

    def _has_outlasted(self, other: InForce) -> bool:
        return self._now() - other.since >= OUTLASTED_SECONDS * 1000

    def _now(self) -> int:
        return int(self._clock.now() * 1000)


class DynamoMarks:
    """The mark, an item of the state table."""

    def __init__(self, table: StateTable, key: str) -> None:
        """Keep it under the key."""
        self._table = table
        self._key = key

    def read(self) -> InForce | None:
        """Return what is in force, if anything was yet."""
        item: Mapping[str, Any] = self._table.get(self._key, "scope", "since")
        return InForce(item["scope"], item["since"]) if item else None

    def write(self, before: InForce | None, after: InForce) -> bool:
        """Put another one in force, if it still is as before; the same one twice is no conflict (Trap 12)."""
        known = {f":old_{name}": value for name, value in asdict(before).items()} if before else {}
        is_before = "#scope = :old_scope AND #since = :old_since" if before else "attribute_not_exists(#scope)"
        try:
            self._table.update(
                self._key,
                "SET #scope = :scope, #since = :since",
                {":scope": after.scope, ":since": after.since} | known,
                condition=f"({is_before}) OR (#scope = :scope AND #since = :since)",
                names=("scope", "since"),
            )
        except (ConditionFailed, Conflict):
            return False
        return True
