"""The fault ``repeat``: a conversation shows the same page of messages for ever."""

import json
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault
from fake_onlyfans.faults.rewriting import answer_of, give


@dataclass(frozen=True, kw_only=True)
class Repeat(Fault):
    """Answer as if no ``before`` had been given, and that there are more messages."""

    kind: ClassVar[str] = "repeat"

    def can_hit(self, scope: Scope) -> bool:
        """Say whether messages are asked for."""
        return bool(scope["method"] == "GET" and scope["path"].startswith("/api/chats/"))

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def again(scope: Scope, receive: Receive, send: Send) -> None:
            query = [(name, value) for name, value in parse_qsl(scope["query_string"].decode()) if name != "before"]
            start, body = await answer_of(app, {**scope, "query_string": urlencode(query).encode()}, receive)
            page = json.loads(body)
            if "messages" in page:
                body = json.dumps(page | {"has_more": True}).encode()
            await give(send, start, body)

        return again
