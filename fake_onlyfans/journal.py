"""The journal: every request, when it came, for whom, and what it was answered."""

import json
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fake_onlyfans.identity import identity_of
from fake_onlyfans.site import Exchange, site_of

log = logging.getLogger("fake_onlyfans.requests")


class Journal:
    """Writes each request down when it comes and, once answered, to the log as one line of JSON."""

    def __init__(self, app: ASGIApp) -> None:
        """Write down what comes to ``app``."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record the request, then go on."""
        site = site_of(scope)
        exchange = Exchange(
            time=site.now(),
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            account=identity_of(scope),
            api_key="present" if any(name == b"x-api-key" for name, _ in scope["headers"]) else None,
        )
        exchange.faults = scope["state"]["faults"] = []
        site.exchanges.append(exchange)

        async def note_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        finally:
            line = {"event": "request", **exchange.as_json(), "seconds": round(site.now() - exchange.time, 6)}
            log.info(json.dumps(line, ensure_ascii=False))
