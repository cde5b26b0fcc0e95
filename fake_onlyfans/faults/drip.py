"""The fault ``drip``: the answer comes byte by byte."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fake_onlyfans.connection import connection_of
from fake_onlyfans.faults.fault import Fault, InvalidRule, check_seconds
from fake_onlyfans.faults.rewriting import headers_of
from fake_onlyfans.faults.unanswered import act_silently

type Part = Literal["headers", "body"]


@dataclass(frozen=True, kw_only=True)
class Drip(Fault):
    """Send a byte every ``seconds``: of headers that never end, or of the body, with ``announced`` length or without.

    The first ``after`` bytes of the body come at once. The site has acted on the request. In-process clients have no
    connection: they get the headers whole.
    """

    kind: ClassVar[str] = "drip"
    seconds: float
    part: Part = "body"
    after: int = 0
    announced: bool = True

    def check(self) -> None:
        """Refuse what is not a number of seconds or of bytes, an unknown part, and a word for yes or no."""
        check_seconds("seconds", self.seconds)
        if self.part not in get_args(Part.__value__):
            raise InvalidRule(f'"part" is {self.part!r}; allowed: {", ".join(get_args(Part.__value__))}')
        if isinstance(self.after, bool) or not isinstance(self.after, int) or self.after < 0:
            raise InvalidRule(f'"after" is {self.after!r}; allowed: a number of bytes')
        if not isinstance(self.announced, bool):
            raise InvalidRule(f'"announced" is {self.announced!r}; allowed: true, false')

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def drip(scope: Scope, receive: Receive, send: Send) -> None:
            connection = connection_of(scope)
            if self.part == "headers" and connection:
                await act_silently(app, scope, receive)
                connection.write(b"HTTP/1.1 200 OK\r\nx-drip: ")
                while not connection.is_closing:
                    await asyncio.sleep(self.seconds)
                    connection.write(b"x")
                return
            at_once = self.after

            async def send_slowly(message: Message) -> None:
                nonlocal at_once
                if message["type"] == "http.response.start":
                    if not self.announced:
                        del headers_of(message)["content-length"]
                    await send(message)
                    return
                body = message.get("body", b"")
                first, rest = body[:at_once], body[at_once:]
                at_once -= len(first)
                await send({"type": "http.response.body", "body": first, "more_body": True})
                for byte in rest:
                    if connection and connection.is_closing:
                        return
                    await asyncio.sleep(self.seconds)
                    await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)})

            await app(scope, receive, send_slowly)

        return drip
