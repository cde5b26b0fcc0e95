"""Adding a script to the pages that the site gives out."""

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def with_script(app: ASGIApp, script: str) -> ASGIApp:
    """Return the site with a script at the end of each of its pages."""

    async def scripted(scope: Scope, receive: Receive, send: Send) -> None:
        start: Message | None = None
        body = b""

        async def send_more(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                if not _is_page(message["headers"]):
                    await send(message)
                    return
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    whole = body + f"<script>{script}</script>".encode()
                    MutableHeaders(raw=start["headers"])["content-length"] = str(len(whole))
                    await send(start)
                    await send({"type": "http.response.body", "body": whole})

        await app(scope, receive, send_more)

    return scripted


def _is_page(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return Headers(raw=list(headers)).get("content-type", "").startswith("text/html")
