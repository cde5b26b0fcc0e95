"""A process of the simulated world: what runs in it ends with it, at once, wherever it stands."""

from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

PROCESS: ContextVar["Process"] = ContextVar("process")


@dataclass(eq=False)
class Process:
    """A task of ECS, an environment of Lambda, an operator's command; or the world itself."""

    name: str
    skew_seconds: float = 0.0
    """By how much its clock is wrong."""
    is_dead: bool = False
    is_done: bool = False
    """It ended by itself."""
    stalled_until: float = 0.0
    """It does nothing before that moment of the loop: a machine that is frozen for a while."""
    kill_after_steps: int | None = None
    """So many more of its steps, and it is dead."""
    met_by: Callable[[], None] = lambda: None
    """Hears that these steps are over."""
    keep: Callable[["Process"], None] = lambda _: None
    """Keeps what stands in it from being cleared away, which would run what clears up."""
    on_death: Callable[[], None] = lambda: None
    signal_handler: Callable[[], None] | None = None
    threads: int = 24
    busy_threads: int = 0
    queued_calls: deque[Callable[[], None]] = field(default_factory=deque)
    health: Callable[[], tuple[bool, dict[str, Any]]] | None = None
    log_secrets: Callable[[Any], Any] | None = None
    """What a line of its log goes through before it is written."""

    def exit(self) -> None:
        """End by itself."""
        self.is_done = True
        self.kill()

    def kill(self) -> None:
        """End it where it stands; nothing of it runs any more, not even what would clear up."""
        if not self.is_dead:
            self.is_dead = True
            self.keep(self)
            self.on_death()
