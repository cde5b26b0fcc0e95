"""The fault ``challenge``: the site asks whether a human is there."""

from dataclasses import dataclass
from typing import ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault
from fake_onlyfans.faults.unanswered import read_all
from fake_onlyfans.rendering import render


@dataclass(frozen=True, kw_only=True)
class Challenge(Fault):
    """Answer with the challenge page: status 403 and the header ``x-challenge: 1``."""

    kind: ClassVar[str] = "challenge"

    def wrap(self, app: ASGIApp) -> ASGIApp:  # noqa: ARG002 the site is not asked
        """Return the site with this fault."""

        async def ask_for_a_human(scope: Scope, receive: Receive, send: Send) -> None:
            await read_all(receive)
            response = render(scope, "challenge.html", status_code=403)
            response.headers["x-challenge"] = "1"
            await response(scope, receive, send)

        return ask_for_a_human
