"""The fault ``reset``: the connection is reset (TCP RST) instead of an answer."""

from dataclasses import dataclass
from typing import ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.connection import connection_of
from fake_onlyfans.faults.fault import Fault, InvalidRule, When, check_when
from fake_onlyfans.faults.unanswered import act_silently, read_all, wait_until_gone


@dataclass(frozen=True, kw_only=True)
class Reset(Fault):
    """Reset the connection; ``when`` "after" lets the site act on the request first.

    Chromium silently sends a request again, a POST too, when a connection that it had open is reset before it read
    anything. So an interim answer goes ahead, and each reset is seen; with ``unannounced`` none does. In-process clients have no connection: they get a ConnectionResetError.
    """

    kind: ClassVar[str] = "reset"
    when: When = "before"
    unannounced: bool = False

    def check(self) -> None:
        """Refuse an unknown moment, and a word for yes or no."""
        check_when(self.when)
        if not isinstance(self.unannounced, bool):
            raise InvalidRule(f'"unannounced" is {self.unannounced!r}; allowed: true, false')

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def hang_up(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 no answer
            await (read_all(receive) if self.when == "before" else act_silently(app, scope, receive))
            connection = connection_of(scope)
            if connection is None:
                raise ConnectionResetError("reset by the fake site")
            if not self.unannounced:
                connection.say_wait()
            connection.reset()
            await wait_until_gone(receive)

        return hang_up
