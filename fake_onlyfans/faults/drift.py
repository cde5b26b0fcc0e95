"""The fault ``drift``: the site has been redesigned."""

from dataclasses import dataclass
from typing import ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault
from fake_onlyfans.rendering import redesign


@dataclass(frozen=True, kw_only=True)
class Drift(Fault):
    """Show pages with other markup: none of the test ids, field names and data attributes that were there before."""

    kind: ClassVar[str] = "drift"

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def redesigned(scope: Scope, receive: Receive, send: Send) -> None:
            redesign(scope)
            await app(scope, receive, send)

        return redesigned
