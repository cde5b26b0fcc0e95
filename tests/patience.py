"""Waiting for what happens elsewhere, within bounds."""

import time
from collections.abc import Callable


def until[Found](ask: Callable[[], Found], timeout_seconds: float = 60, what: str = "it") -> Found:
    """Ask until the answer is true, and return it; fail after the time (real seconds)."""
    deadline = time.monotonic() + timeout_seconds
    while not (found := ask()):
        assert time.monotonic() < deadline, f"{what} did not happen within {timeout_seconds:g} s"
        time.sleep(0.1)
    return found
