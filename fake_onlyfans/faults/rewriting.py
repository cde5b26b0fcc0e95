"""Taking the site's answer whole, and giving another in its place."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


async def answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """Run the request; return the beginning of its answer, and the body."""
    start: Message = {}
    body = bytearray()

    async def take(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, take)
    return start, bytes(body)


async def give(send: Send, start: Message, body: bytes) -> None:
    """Answer with a body of its own length."""
    MutableHeaders(raw=start["headers"])["content-length"] = str(len(body))
    await send(start)
    await send({"type": "http.response.body", "body": body})


def headers_of(start: Message) -> MutableHeaders:
    """Return the answer's headers, to be read and changed."""
    start["headers"] = list(start["headers"])
    return MutableHeaders(raw=start["headers"])
