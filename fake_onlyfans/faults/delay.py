"""The fault ``delay``: the answer comes late."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault, When, check_seconds, check_when


@dataclass(frozen=True, kw_only=True)
class Delay(Fault):
    """Wait ``seconds``, of the clock that the process runs on, before the site acts, or after it has and before it answers."""

    kind: ClassVar[str] = "delay"
    seconds: float
    when: When = "before"

    def check(self) -> None:
        """Refuse what is not a number of seconds."""
        check_seconds("seconds", self.seconds)
        check_when(self.when)

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            if self.when == "before":
                await asyncio.sleep(self.seconds)
                await app(scope, receive, send)
            else:
                await app(scope, receive, self._held_back(send))

        return late

    def _held_back(self, send: Send) -> Send:
        async def send_late(message: Message) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(self.seconds)
            await send(message)

        return send_late
