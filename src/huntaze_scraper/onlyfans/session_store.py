"""Sessions shared by all tasks: one item an account, and a lease so that one task logs in at a time."""

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import HuntazeError
from huntaze_scraper.onlyfans.session_state import SessionState, pack, unpack
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.state.table import ConditionFailed, StateTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LOGIN_LEASE_SECONDS = 30.0
"""A task that died over a log-in keeps the others waiting for as long; one that lives renews its lease."""
RENEW_SECONDS = 5.0
KEPT_SECONDS = 30 * 86400.0
MOST_BYTES = 400_000
"""Of a state as it is written down: an item of DynamoDB may have 409,600, and holds a key and a lease as well."""


class TooLarge(HuntazeError):
    """A session that the store has no room for: it stays with the task that has it."""


@dataclass(frozen=True, slots=True)
class SavedSession:
    """A browser's storage state, and which log-in of the account it came from."""

    version: int
    state: SessionState = field(repr=False)


class SessionStore(Protocol):
    """Where sessions are shared."""

    async def load(self, account: str) -> SavedSession | None:
        """Return the latest session, if any."""
        ...

    async def acquire(self, account: str) -> str | None:
        """Take the right to log in; None while another has it."""
        ...

    async def renew(self, account: str, lease: str) -> bool:
        """Keep the lease longer; False where it is not ours any more."""
        ...

    async def save(self, account: str, state: SessionState, lease: str) -> SavedSession | None:
        """Keep a new session and give the lease back; None where the lease is not ours any more.

        Raises:
            TooLarge: there is no room for it.
        """
        ...

    async def release(self, account: str, lease: str) -> None:
        """Give the lease back without a session."""
        ...


class DynamoSessionStore:
    """Sessions in the state table, which encrypts at rest. The item ``session#<account>`` is a secret."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        """Keep sessions in ``table``."""
        self._table = StateTable(client, table)
        self._clock = clock

    async def load(self, account: str) -> SavedSession | None:
        """Return the latest session, if there is one that this version can read."""
        item = await asyncio.to_thread(self._table.get, Kind.SESSION.key(account), "version", "state")
        state = unpack(item["state"]) if "state" in item else None
        return SavedSession(item["version"], state) if state is not None else None

    async def acquire(self, account: str) -> str | None:
        """Take the right to log in; None while another has it."""
        lease, now = uuid.uuid4().hex, self._clock.now()
        try:
            await asyncio.to_thread(
                self._table.update,
                Kind.SESSION.key(account),
                "SET lease = :lease, lease_until = :until, expires_at = if_not_exists(expires_at, :expires)",
                {
                    ":lease": lease,
                    ":until": now + LOGIN_LEASE_SECONDS,
                    ":now": now,
                    ":expires": int(now + KEPT_SECONDS),
                },
                # Where an answer was lost, the client's second try meets what the first has written.
                condition="attribute_not_exists(lease) OR lease_until < :now OR lease = :lease",
            )
        except ConditionFailed:
            return None
        return lease

    async def renew(self, account: str, lease: str) -> bool:
        """Keep the lease longer; False where it is not ours any more."""
        until = {":until": self._clock.now() + LOGIN_LEASE_SECONDS}
        return await self._change_lease(account, lease, "SET lease_until = :until", until)

    async def save(self, account: str, state: SessionState, lease: str) -> SavedSession | None:
        """Keep a new session and give the lease back; None where the lease is not ours any more."""
        packed = await asyncio.to_thread(pack, state)
        if len(packed) > MOST_BYTES:
            raise TooLarge(f"the session has {len(packed)} bytes, and {MOST_BYTES} can be shared")
        try:
            saved = await asyncio.to_thread(
                self._table.update,
                Kind.SESSION.key(account),
                "SET #state = :state, saved_by = :lease, expires_at = :expires ADD version :one REMOVE lease, lease_until",
                {
                    ":state": packed,
                    ":expires": int(self._clock.now() + KEPT_SECONDS),
                    ":one": 1,
                    ":lease": lease,
                },
                condition="lease = :lease",
                names=("state",),
                returned="UPDATED_NEW",
                shows_item=True,
            )
        except ConditionFailed as refusal:
            saved = refusal.item
            if saved.get("saved_by") != lease:
                return None
        return SavedSession(saved["version"], state)

    async def release(self, account: str, lease: str) -> None:
        """Give the lease back without a session."""
        await self._change_lease(account, lease, "REMOVE lease, lease_until", {})

    async def _change_lease(self, account: str, lease: str, change: str, values: dict[str, Any]) -> bool:
        try:
            await asyncio.to_thread(
                self._table.update,
                Kind.SESSION.key(account),
                change,
                values | {":lease": lease},
                condition="lease = :lease",
            )
        except ConditionFailed:
            return False
        return True
