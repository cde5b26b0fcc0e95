"""The fault ``crash``: a page that kills the renderer which opens it."""

from dataclasses import dataclass
from typing import ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault
from fake_onlyfans.faults.unanswered import read_all
from fake_onlyfans.rendering import render


@dataclass(frozen=True, kw_only=True)
class Crash(Fault):
    """Answer with a page whose script makes the renderer's JavaScript engine give up."""

    kind: ClassVar[str] = "crash"

    def wrap(self, app: ASGIApp) -> ASGIApp:  # noqa: ARG002 the site is not asked
        """Return the site with this fault."""

        async def deadly(scope: Scope, receive: Receive, send: Send) -> None:
            await read_all(receive)
            await render(scope, "crash.html")(scope, receive, send)

        return deadly
