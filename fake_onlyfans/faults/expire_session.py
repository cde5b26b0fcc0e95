"""The fault ``expire_session``: the account's sessions are over."""

from dataclasses import dataclass
from typing import ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault
from fake_onlyfans.identity import session_account
from fake_onlyfans.site import site_of


@dataclass(frozen=True, kw_only=True)
class ExpireSession(Fault):
    """End every session of the account that asks; this request too is answered as one without a session."""

    kind: ClassVar[str] = "expire_session"

    def can_hit(self, scope: Scope) -> bool:
        """Only a request with a session can lose it."""
        return session_account(scope, site_of(scope)) is not None

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def sign_out_first(scope: Scope, receive: Receive, send: Send) -> None:
            site = site_of(scope)
            site.sessions.end_all(session_account(scope, site) or "")
            await app(scope, receive, send)

        return sign_out_first
