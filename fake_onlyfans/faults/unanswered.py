"""Letting the site act on a request without letting its answer out."""

from starlette.types import ASGIApp, Message, Receive, Scope


async def act_silently(app: ASGIApp, scope: Scope, receive: Receive) -> None:
    """Run the request, and drop the answer: what it changed stays changed."""

    async def drop(message: Message) -> None:
        pass

    await app(scope, receive, drop)


async def read_all(receive: Receive) -> None:
    """Read the request to its end."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


async def wait_until_gone(receive: Receive) -> None:
    """Wait until the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
