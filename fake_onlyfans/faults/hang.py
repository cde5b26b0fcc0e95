"""The fault ``hang``: no answer ever comes."""

from dataclasses import dataclass
from typing import ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault, When, check_when
from fake_onlyfans.faults.unanswered import act_silently, wait_until_gone


@dataclass(frozen=True, kw_only=True)
class Hang(Fault):
    """Keep the client waiting until it goes; ``when`` "after" lets the site act on the request first."""

    kind: ClassVar[str] = "hang"
    when: When = "before"

    def check(self) -> None:
        """Refuse an unknown moment."""
        check_when(self.when)

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def never_answer(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 no answer
            if self.when == "after":
                await act_silently(app, scope, receive)
            await wait_until_gone(receive)

        return never_answer
