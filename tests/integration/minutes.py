"""Minutes that go by in a jump, each with what alarms and scaling make of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from emulator.harness.clients import Clients, http_client
from emulator.vclock import Clock
from tests.patience import until

MINUTE = 60
LOOK_SECONDS = 5
"""After a minute's end, alarms look at it."""
FLOW_SECONDS = 1.0
"""Real time in which a minute's tasks, functions and messages go on, where a condition waits for them."""


class Minutes:
    """Minutes of the emulator's clock; none goes by before the one before it was looked at, however busy the machine.

    On AWS a minute is a minute.
    """

    def __init__(self, clients: Clients, clock: Clock) -> None:
        """Let the minutes of this cloud go by."""
        self._clock = clock
        self._mark = f"{clients.endpoint_url}/_emulator/minutes" if clients.endpoint_url else None

    @contextmanager
    def stand(self) -> Iterator[None]:
        """Let no minute go by but by a jump."""
        if self._mark is None or self._clock.state().paused:
            yield
            return
        self._clock.pause()
        try:
            yield
        finally:
            self._clock.resume()

    def pass_by(self, number: int = 1) -> None:
        """Jump over minutes, and wait until alarms have looked at the last of them, and have told and scaled."""
        with self.stand():
            self._await_mark()
            self._clock.jump(number * MINUTE - (self._clock.now() - LOOK_SECONDS - 1) % MINUTE)
            self._await_mark()

    def within[Found](self, number: int, condition: Callable[[], Found], each: int = 1) -> Found:
        """Let minutes go by, so many at a time, until the condition holds, and return what it found."""
        with self.stand():
            self._await_mark()
            found = condition()
        for _ in range(0, number, each):
            if found:
                break
            with self.stand():
                self.pass_by(each)
                found = condition()
            found = found or _let_flow(condition)
        if not found:
            pytest.fail(f"not within {number} minutes")
        return found

    def _await_mark(self) -> None:
        if self._mark is None:
            return
        mark, minute = self._mark, (self._clock.now() - LOOK_SECONDS) // MINUTE * MINUTE
        until(lambda: http_client.get(mark).json()["settled"] >= minute, what="the look at the last minute")


def _let_flow[Found](condition: Callable[[], Found]) -> Found:
    deadline = time.monotonic() + FLOW_SECONDS
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
