"""Minutes that go by, each with what alarms and scaling make of it."""

from collections.abc import Callable

import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import Clients, http_client
from tests.patience import until

MINUTE = 60
LOOK_SECONDS = 5
"""After a minute's end, alarms look at it."""


class Minutes:
    """Minutes of the cloud's clock: what is due in them is done, however busy the machine."""

    def __init__(self, clients: Clients, clock: Clock) -> None:
        """Let the minutes of this cloud go by."""
        self._clock = clock
        self._looked_at = f"{clients.endpoint_url}/_emulator/minutes"

    def pass_by(self, number: int = 1) -> None:
        """Go to where alarms have looked at the last of so many minutes, and have told and scaled."""
        self._clock.advance(number * MINUTE - (self._clock.now() - LOOK_SECONDS - 1) % MINUTE)

    def skip(self, number: int) -> None:
        """Jump over minutes in which nothing has to happen one after the other; the last one goes by."""
        self._clock.jump((number - 1) * MINUTE)
        self.pass_by()

    def skip_restless(self, number: int) -> None:
        """Jump over minutes in which somebody never rests, to where alarms have looked at the last of them."""
        self._clock.jump(number * MINUTE - (self._clock.now() - LOOK_SECONDS - 1) % MINUTE)
        minute = (self._clock.now() - LOOK_SECONDS) // MINUTE * MINUTE
        until(lambda: http_client.get(self._looked_at).json()["settled"] >= minute, what="the look at the last minute")

    def within[Found](self, number: int, condition: Callable[[], Found], each: int = 1) -> Found:
        """Let minutes go by, so many at a time, until the condition holds, and return what it found."""
        self._clock.settle()
        for _ in range(0, number, each):
            if found := condition():
                return found
            self.pass_by(each)
        if found := condition():
            return found
        pytest.fail(f"not within {number} minutes")
