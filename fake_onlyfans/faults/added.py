"""Markup added to the end of the pages that go out."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def with_markup(app: ASGIApp, markup: str) -> ASGIApp:
    """Return the site with markup at the end of each page; what is no page stays as it is."""

    async def added(scope: Scope, receive: Receive, send: Send) -> None:
        is_page = False

        async def send_more(message: Message) -> None:
            nonlocal is_page
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                is_page = headers.get("content-type", "").startswith("text/html")
                if is_page and "content-length" in headers:
                    headers["content-length"] = str(int(headers["content-length"]) + len(markup.encode()))
            elif is_page and not message.get("more_body", False):
                message = {**message, "body": message.get("body", b"") + markup.encode()}
            await send(message)

        await app(scope, receive, send_more)

    return added
