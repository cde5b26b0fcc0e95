"""A test that runs past its time ends as that test's failure, and the session goes on.

pytest-timeout raises its failure wherever the main thread happens to be: in a plugin's hook between a test's phases (a
report that takes pictures of browsers) it ends the whole session, and in a task of asyncio it is kept as that task's
outcome while the test waits on for ever. So it is raised within the phases alone, and again until it is heeded.
"""

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

import pytest
import pytest_timeout

AGAIN_SECONDS = 5.0
CLEANING_SECONDS = 120.0
"""What a test's clean-up may take when the test itself has taken all of its time."""


@dataclass
class _Limit:
    seconds: float
    ends: float
    phase: str = ""
    ended_phase: str = ""


_running = pytest.StashKey[_Limit]()


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: pytest_timeout.Settings) -> bool:
    """Begin to count, from the item's set-up on."""
    limit = item.stash[_running] = _Limit(settings.timeout, time.monotonic() + settings.timeout)

    def end(_number: int, _frame: FrameType | None) -> None:
        is_cleaning = limit.ended_phase not in ("", limit.phase) and time.monotonic() < limit.ends + CLEANING_SECONDS
        if not limit.phase or is_cleaning or pytest_timeout.is_debugging():
            return
        limit.ended_phase = limit.phase
        pytest_timeout.dump_stacks(item.config.get_terminal_writer())
        pytest.fail(f"Timeout: the test and its fixtures took more than {limit.seconds:g} s")

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, settings.timeout, AGAIN_SECONDS)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_cancel_timer(item: pytest.Item) -> bool:
    """Count no more."""
    del item
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Be in the phase meanwhile."""
    return (yield from _in_phase(item, "setup"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Be in the phase meanwhile."""
    return (yield from _in_phase(item, "call"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Be in the phase meanwhile."""
    return (yield from _in_phase(item, "teardown"))


def _in_phase(item: pytest.Item, phase: str) -> Iterator[None]:
    limit = item.stash.get(_running, None)
    if limit is None:
        return (yield)
    limit.phase = phase
    try:
        return (yield)
    finally:
        limit.phase = ""
