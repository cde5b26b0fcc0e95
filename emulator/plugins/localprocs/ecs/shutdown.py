"""The end of every task when the emulator ends."""

from collections.abc import Iterable

from localprocs.ecs import real_wait
from localprocs.ecs.fleet import Fleet

GRACE_SECONDS = 3.0
"""How long tasks may take to end when the emulator is stopped, in real seconds."""
KILL_SECONDS = 1.0


def stop_all(fleets: Iterable[Fleet], grace_seconds: float = GRACE_SECONDS) -> None:
    """Send each task SIGTERM, wait a moment, and kill what is left."""
    runs = [run for fleet in fleets for run in fleet.close()]
    if real_wait.until(lambda: all(run.is_over() for run in runs), grace_seconds):
        return
    for run in runs:
        run.kill()
    real_wait.until(lambda: all(run.is_over() for run in runs), KILL_SECONDS)
