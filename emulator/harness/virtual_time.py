"""How much virtual time a session of pytest lived through, told at its end; a worker tells whoever started it."""

from typing import Any

import pytest
from localprocs.vclock import Clock, WallClock

LIVED = pytest.StashKey[float]()


def add(config: pytest.Config, clock: Clock | WallClock, since: float) -> None:
    """Count what the clock went through since its monotonic time was that."""
    config.stash[LIVED] = config.stash.get(LIVED, 0.0) + clock.monotonic() - since


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the sum over, where this is a worker of several."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["virtual_seconds"] = session.config.stash.get(LIVED, 0.0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Count what a worker lived through."""
    lived = getattr(node, "workeroutput", {}).get("virtual_seconds", 0.0)
    node.config.stash[LIVED] = node.config.stash.get(LIVED, 0.0) + lived


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say it."""
    if lived := config.stash.get(LIVED, 0.0):
        terminalreporter.write_line(f"virtual time of the harness's clocks: {lived / 3600:.1f} h")
