"""Sessions shared by all tasks: one item an account, and a lease so that one task logs in at a time."""

import asyncio
import gzip
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import LeaseLost
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.state.table import ConditionFailed, StateTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LOGIN_LEASE_SECONDS = 30.0
"""A task that died over a log-in keeps the others waiting for as long; one that lives renews its lease."""
RENEW_SECONDS = 5.0
KEPT_SECONDS = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class SavedSession:
    """A browser's storage state, and which log-in of the account it came from."""

    version: int
    state: dict[str, Any] = field(repr=False)


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

    async def save(self, account: str, state: dict[str, Any], lease: str) -> SavedSession:
        """Keep a new session and give the lease back. Raises LeaseLost."""
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
        """Return the latest session, if any."""
        item = await asyncio.to_thread(self._table.get, Kind.SESSION.key(account), "version", "state")
        if "state" not in item:
            return None
        return SavedSession(item["version"], json.loads(gzip.decompress(item["state"])))

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
                condition="attribute_not_exists(lease) OR lease_until < :now",
            )
        except ConditionFailed:
            return None
        return lease

    async def renew(self, account: str, lease: str) -> bool:
        """Keep the lease longer; False where it is not ours any more."""
        until = {":until": self._clock.now() + LOGIN_LEASE_SECONDS}
        return await self._change_lease(account, lease, "SET lease_until = :until", until)

    async def save(self, account: str, state: dict[str, Any], lease: str) -> SavedSession:
        """Keep a new session and give the lease back."""
        try:
            saved = await asyncio.to_thread(
                self._table.update,
                Kind.SESSION.key(account),
                "SET #state = :state, expires_at = :expires ADD version :one REMOVE lease, lease_until",
                {
                    ":state": gzip.compress(json.dumps(state).encode()),
                    ":expires": int(self._clock.now() + KEPT_SECONDS),
                    ":one": 1,
                    ":lease": lease,
                },
                condition="lease = :lease",
                names=("state",),
                returned="UPDATED_NEW",
            )
        except ConditionFailed:
            raise LeaseLost("another task logs in by now") from None
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
