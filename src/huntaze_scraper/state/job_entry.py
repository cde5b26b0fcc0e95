"""The item of a job in the ledger, ``job#<job id>``: what worker, operators and smoke test read of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from huntaze_scraper.state.attributes import known

KEPT_SECONDS = 30 * 86400
"""Longer than a message lives on the workflows queue and then on its DLQ (14 days each)."""


class State(StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    WAITING = "waiting"
    """It was begun and comes back."""
    DONE = "done"
    REJECTED = "rejected"
    DEAD = "dead"
    """In the DLQ; a replay begins anew, but for the mark of an effect that it looks for first."""
    UNCERTAIN = "uncertain"
    """It may have had its effect, and nobody can find out: its owner was told, and it is not tried again."""


FINAL = frozenset({State.DONE, State.REJECTED, State.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class JobEntry:
    """A job's item. Moments are seconds since the epoch."""

    state: State | None = None
    """None where there is no item."""
    lease: str = ""
    lease_until: float | None = None
    came_from: State = State.WAITING
    """Where the job stood before its lease was taken; waiting also for one that was not there."""
    came_until: float = 0.0
    """Until when that lease was held, where it was."""
    attempts: int = 0
    failures: int = 0
    """Counted failures, with one for each worker that died over the job."""
    rate_limits: int = 0
    effect_mark: Mapping[str, str] | None = None
    """What the conversation was like before the last try at an effect whose end is not known, if there was one."""
    effect_until: float | None = None
    """Until when that effect may still come; 0 where the site answered that it does not act."""
    effect_proof: Mapping[str, str] | None = None
    """What the site said of the message that it took."""
    progress: Mapping[str, Any] = field(default_factory=dict)
    """What is done already, in the action's own words."""
    result_key: str = ""

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        """Read the item; what it does not hold has its default."""
        states = {name: State(item[name]) for name in ("state", "came_from") if name in item}
        return cls(**known(cls, item) | states)

    @property
    def is_final(self) -> bool:
        """Whether nothing more becomes of the job."""
        return self.state in FINAL
