"""Accounts that the site asked to leave alone, known to all tasks: items ``pause#<account>``."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from huntaze_scraper.back_off import REST_REMEMBERED_SECONDS, rest_seconds
from huntaze_scraper.clock import Clock
from huntaze_scraper.state import pause
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.state.table import ConditionFailed, StateTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CHALLENGE_PAUSE_SECONDS = 3600.0
"""How long an account rests after a challenge: its owner has to answer it, not we."""

FRESH_SECONDS = 5.0


class Pauses(Protocol):
    """Which accounts rest, and until when."""

    async def until(self, account: str) -> float:
        """Return when the account may be worked for again; a time that is past where it may now."""
        ...

    async def pause(self, account: str, until: float, reason: str) -> None:
        """Let the account rest."""
        ...

    async def rest(self, account: str, reason: str) -> float:
        """Let an account rest that cannot be signed in, longer each time; return for how many seconds."""
        ...

    async def recovered(self, account: str) -> None:
        """Take note that a job of the account succeeded: its next rest is a short one."""
        ...


class DynamoPauses:
    """Pauses in the state table."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        """Keep pauses in ``table``."""
        self._table = StateTable(client, table)
        self._clock = clock
        self._looked: dict[str, tuple[float, float]] = {}
        self._troubled: set[str] = set()

    async def until(self, account: str) -> float:
        """Return when the account may be worked for again, as it was at most five seconds ago.

        No other task can have paused the account since: while this one has messages of its group, no other gets any.
        """
        looked_at, until = self._looked.get(account, (float("-inf"), 0.0))
        now = self._clock.now()
        if now - looked_at > FRESH_SECONDS:
            item = await asyncio.to_thread(self._table.get, Kind.PAUSE.key(account))
            until = pause.until(item)
            if "rest_seconds" in item:
                self._troubled.add(account)
            self._looked = {name: seen for name, seen in self._looked.items() if now - seen[0] <= FRESH_SECONDS}
            self._looked[account] = (now, until)
        return until

    async def pause(self, account: str, until: float, reason: str) -> None:
        """Let the account rest; a longer pause stays."""
        self._looked.pop(account, None)
        try:
            await asyncio.to_thread(
                self._table.update,
                Kind.PAUSE.key(account),
                "SET #until = :until, reason = :reason, expires_at = :expires",
                {":until": until, ":reason": reason, ":expires": int(until) + 3600},
                condition="attribute_not_exists(pk) OR #until < :until",
                names=("until",),
            )
        except ConditionFailed:
            return

    async def rest(self, account: str, reason: str) -> float:
        """Let an account rest that cannot be signed in, longer each time; return for how many seconds."""
        item = await asyncio.to_thread(self._table.get, Kind.PAUSE.key(account))
        now = self._clock.now()
        seconds = rest_seconds(item.get("rest_seconds", 0.0), now - item.get("rest_until", 0.0))
        self._looked.pop(account, None)
        self._troubled.add(account)
        await asyncio.to_thread(
            self._table.update,
            Kind.PAUSE.key(account),
            "SET #until = :until, reason = :reason, rest_seconds = :seconds, rest_until = :end, expires_at = :expires",
            {
                ":until": max(now + seconds, pause.until(item)),
                ":end": now + seconds,
                ":reason": reason,
                ":seconds": seconds,
                ":expires": int(now + seconds + REST_REMEMBERED_SECONDS),
            },
            condition="attribute_not_exists(pk) OR attribute_exists(pk)",
            names=("until",),
        )
        return seconds

    async def recovered(self, account: str) -> None:
        """Take note that a job of the account succeeded: its next rest is a short one."""
        if account not in self._troubled:
            return
        with suppress(ConditionFailed):  # the item has expired by itself
            await asyncio.to_thread(
                self._table.update,
                Kind.PAUSE.key(account),
                "REMOVE rest_seconds, rest_until",
                {},
                condition="attribute_exists(rest_seconds)",
            )
        self._troubled.discard(account)
