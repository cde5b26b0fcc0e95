"""The fault ``commit_late``: the site acts on a request long after it, or what stands before it, has answered."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault, InvalidRule, check_seconds
from fake_onlyfans.faults.hang import Hang
from fake_onlyfans.faults.reset import Reset
from fake_onlyfans.faults.status import Status
from fake_onlyfans.faults.unanswered import act_silently
from fake_onlyfans.site import Site, site_of

ANSWERS: Mapping[str, type[Fault]] = {kind.kind: kind for kind in (Status, Hang, Reset)}


@dataclass(frozen=True, kw_only=True)
class CommitLate(Fault):
    """Answer as the fault ``answer`` does, a 504 by default, and act on the request after ``seconds``."""

    kind: ClassVar[str] = "commit_late"
    seconds: float
    answer: dict[str, Any] = field(default_factory=lambda: {"kind": "status", "status": 504})

    def check(self) -> None:
        """Refuse what is no fault that answers by itself."""
        check_seconds("seconds", self.seconds)
        self._answer()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def act_later(scope: Scope, receive: Receive, send: Send) -> None:
            body, again = await _kept(receive)
            acting = self._act(app, {**scope, "state": dict(scope["state"])}, body, site_of(scope))
            site_of(scope).later(acting)
            await self._answer().wrap(app)(scope, again, send)

        return act_later

    async def _act(self, app: ASGIApp, scope: Scope, body: bytes, site: Site) -> None:
        conversations = site.conversations
        await asyncio.sleep(self.seconds)
        if site.conversations is conversations:  # not after a reset
            await act_silently(app, scope, _giving(body))

    def _answer(self) -> Fault:
        kind = self.answer.get("kind") if isinstance(self.answer, dict) else self.answer
        if not isinstance(kind, str) or kind not in ANSWERS:
            raise InvalidRule(f'"answer.kind" is {kind!r}; allowed: {", ".join(ANSWERS)}')
        return ANSWERS[kind].read({name: each for name, each in self.answer.items() if name != "kind"})


async def _kept(receive: Receive) -> tuple[bytes, Receive]:
    """Read a request's body, and return it with what gives it once more."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return body, again


def _giving(body: bytes) -> Receive:
    async def give() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return give
