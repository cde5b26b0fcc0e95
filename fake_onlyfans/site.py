"""The whole state of the site: made from a seed, changed by requests, thrown away by a reset."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.types import Scope

from fake_onlyfans.accounts import Account, Fan, accounts, grown
from fake_onlyfans.conversations import Conversations
from fake_onlyfans.faults.rule import Rule
from fake_onlyfans.media import Media
from fake_onlyfans.sessions import SECOND_FACTOR_SECONDS, SESSION_SECONDS, Sessions
from fake_onlyfans.window import Limit

type KeptIn = Literal["cookie", "local_storage", "session_storage", "indexed_db"]
"""Where, beside its cookie, a session is kept: without what is there, a page's script goes to the log-in."""


@dataclass(slots=True)
class Exchange:
    """One request and what became of it; ``status`` is None while, or if ever, no answer was given."""

    time: float
    method: str
    path: str
    query: str
    account: str | None
    api_key: str | None
    status: int | None = None
    faults: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Write the exchange as the control API and the log do."""
        return {name: getattr(self, name) for name in self.__slots__}


class Site:
    """What the site knows."""

    def __init__(
        self, seed: int = 1, session_seconds: float = SESSION_SECONDS, now: Callable[[], float] = time.time
    ) -> None:
        """Make the site of the seed; ``now`` returns epoch seconds."""
        self.now = now
        self._later: set[asyncio.Task[None]] = set()
        self._first_seed, self._first_session_seconds = seed, session_seconds
        self.reset()

    def reset(
        self,
        seed: int | None = None,
        session_seconds: float | None = None,
        session_kept_in: KeptIn = "cookie",
        clutter_kilobytes: int | None = None,
        grown_accounts: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Forget everything and start again, without faults or limit; what is not given is as it was at first.

        Grown accounts, by name, stand beside those of the seed: each with the names of further ``fans`` and ``media``.
        """
        self.session_kept_in = session_kept_in
        self.clutter_kilobytes = clutter_kilobytes or 0
        self.seed = self._first_seed if seed is None else seed
        self.accounts: dict[str, Account] = {each.username: each for each in accounts(self.seed)}
        for name, parts in (grown_accounts or {}).items():
            self.accounts[name] = grown(self.seed, name, **parts)
        self.passwords = {each.username: each.password for each in self.accounts.values()}
        self.media: dict[str, Media] = {file.name: file for each in self.accounts.values() for file in each.media}
        self.sessions = Sessions(session_seconds or self._first_session_seconds, self.now)
        self.half_signed_in = Sessions(SECOND_FACTOR_SECONDS, self.now)
        self.conversations = Conversations(self.seed, self.now)
        self.rules: list[Rule] = []
        self.over: dict[str, Any] = {}
        """Sessions that are over without the site's saying so, by their tokens."""
        self.limit: Limit | None = None
        self.exchanges: list[Exchange] = []

    def later(self, acting: Coroutine[Any, Any, None]) -> None:
        """Act on something by itself, whatever becomes of the request that asked for it."""
        task = asyncio.create_task(acting)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def fan(self, account: Account, username: str) -> Fan | None:
        """Find one of an account's fans."""
        return next((fan for fan in account.fans if fan.username == username), None)


def site_of(scope: Scope) -> Site:
    """Return the site that a request has come to."""
    site: Site = scope["app"].state.site
    return site
