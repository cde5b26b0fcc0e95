"""The fault ``forget_message``: somebody deletes a message."""

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault, When, check_when
from fake_onlyfans.identity import identity_of
from fake_onlyfans.site import site_of


@dataclass(frozen=True, kw_only=True)
class ForgetMessage(Fault):
    """Delete the conversation's last message, or the one with the ``id``, before or after the site acts on the request."""

    kind: ClassVar[str] = "forget_message"
    id: str | None = None
    when: When = "before"

    def check(self) -> None:
        """Refuse an unknown moment."""
        check_when(self.when)

    def can_hit(self, scope: Scope) -> bool:
        """Only a request for a conversation names one."""
        return _fan(scope) is not None

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def forgetful(scope: Scope, receive: Receive, send: Send) -> None:
            if self.when == "before":
                self._forget(scope)
            await app(scope, receive, send)
            if self.when == "after":
                self._forget(scope)

        return forgetful

    def _forget(self, scope: Scope) -> None:
        site, account, fan = site_of(scope), identity_of(scope), _fan(scope)
        if account and fan:
            site.conversations.forget(account, fan, self.id)


def _fan(scope: Scope) -> str | None:
    path: str = unquote(scope["path"])
    if not path.startswith("/api/chats/") or not path.endswith("/messages"):
        return None
    return path.removeprefix("/api/chats/").removesuffix("/messages")
