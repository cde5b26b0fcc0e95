"""The gate: puts the faults of the matching rules around the site, request by request."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fake_onlyfans.connection import connection_of
from fake_onlyfans.faults.reset import Reset
from fake_onlyfans.identity import identity_of
from fake_onlyfans.site import site_of


class FaultGate:
    """Several rules may match: the first is outermost. One that answers by itself keeps the later ones for next time."""

    def __init__(self, app: ASGIApp) -> None:
        """Put the faults around ``app``."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request through every matching rule."""
        rules = site_of(scope).rules
        request = scope["method"], scope["path"], identity_of(scope)
        app = self.app
        for rule in reversed([rule for rule in rules if rule.counts(*request)]):
            app = rule.guard(app)
        if any(isinstance(rule.fault, Reset) and not rule.is_spent for rule in rules):
            send = _closing(send)
        await app(scope, receive, send)


def _closing(send: Send) -> Send:
    """Have the client use each connection once.

    Chromium silently repeats a request, whatever its method, whose kept-alive connection is reset before an answer:
    a reset would go unseen, and be spent.
    """

    async def send_and_close(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return send_and_close


def drop_kept_connections(scope: Scope) -> None:
    """Close every connection that only waits for another request, and the rest after their answers."""
    connection = connection_of(scope)
    if connection is not None:
        connection.retire_all()
