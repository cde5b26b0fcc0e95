"""Who is signed in: tokens that stand for an account until they expire."""

import hashlib
import secrets
from collections.abc import Callable

SESSION_SECONDS = 12 * 3600.0
SECOND_FACTOR_SECONDS = 600.0


class Sessions:
    """Tokens of one kind, each for an account and a time."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        """Open none yet; each will last ``seconds`` by the clock ``now``."""
        self.seconds = seconds
        self._now = now
        self._open: dict[str, tuple[str, float]] = {}

    def start(self, account: str) -> str:
        """Open a session and return its token."""
        token = secrets.token_urlsafe(24)
        self._open[token] = (account, self._now() + self.seconds)
        return token

    def account_of(self, token: str | None) -> str | None:
        """Return whose session it is; None when there is no such session or it has expired."""
        account, expires = self._open.get(token or "", (None, 0.0))
        return account if self._now() < expires else None

    def end(self, token: str | None) -> None:
        """End one session."""
        self._open.pop(token or "", None)

    def end_all(self, account: str) -> None:
        """End every session of an account."""
        self._open = {token: session for token, session in self._open.items() if session[0] != account}

    def tokens(self, account: str) -> list[str]:
        """List the tokens of an account's sessions."""
        return [token for token, (owner, _) in self._open.items() if owner == account]

    def count(self, account: str) -> int:
        """Count an account's sessions that still hold."""
        now = self._now()
        return sum(owner == account and now < expires for owner, expires in self._open.values())


def page_token(token: str) -> str:
    """Return what belongs to a session's token where the site keeps a second one in its pages' storage."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]
