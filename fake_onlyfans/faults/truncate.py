"""The fault ``truncate``: the answer breaks off in the middle."""

from dataclasses import dataclass
from typing import ClassVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fake_onlyfans.connection import connection_of
from fake_onlyfans.faults.fault import Fault
from fake_onlyfans.faults.unanswered import wait_until_gone


@dataclass(frozen=True, kw_only=True)
class Truncate(Fault):
    """Announce the full Content-Length, send half of the body and close; the site has acted on the request."""

    kind: ClassVar[str] = "truncate"

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def break_off(scope: Scope, receive: Receive, send: Send) -> None:
            connection = connection_of(scope)
            left = 0

            async def send_half(message: Message) -> None:
                nonlocal left
                if message["type"] == "http.response.start":
                    left = _half(message)
                    await send(message)
                elif left:
                    part = message.get("body", b"")[:left]
                    left -= len(part)
                    await send({"type": "http.response.body", "body": part, "more_body": bool(connection or left)})
                    if connection and not left:
                        connection.close()

            await app(scope, receive, send_half)
            if connection:
                connection.close()
                await wait_until_gone(receive)

        return break_off


def _half(start: Message) -> int:
    """Return half of the announced length; where none is announced, a few bytes."""
    return int(Headers(raw=start["headers"]).get("content-length", 1024)) // 2
