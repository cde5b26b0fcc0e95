"""The fault ``truncate``: the answer breaks off in the middle."""

from dataclasses import dataclass
from typing import ClassVar

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
            start, body = await _answer(app, scope, receive)
            await send(start)
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            connection = connection_of(scope)
            if connection is None:
                await send({"type": "http.response.body", "body": b""})
            else:
                connection.close()
                await wait_until_gone(receive)

        return break_off


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    body = b"".join(message.get("body", b"") for message in messages[1:])
    headers = [(name, value) for name, value in messages[0]["headers"] if name.lower() != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    return {**messages[0], "headers": headers}, body
