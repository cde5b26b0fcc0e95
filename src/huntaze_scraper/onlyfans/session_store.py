"""Sessions shared by all tasks: one item an account, and a lease so that one task logs in at a time."""

import asyncio
import gzip
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import LeaseLost, StoreUnavailable

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
        self._client = client
        self._table = table
        self._clock = clock

    async def load(self, account: str) -> SavedSession | None:
        """Return the latest session, if any."""
        answer = await self._call(
            self._client.get_item,
            Key=_key(account),
            ConsistentRead=True,
            ProjectionExpression="version, #state",
            ExpressionAttributeNames={"#state": "state"},
        )
        item = answer.get("Item", {})
        if "state" not in item:
            return None
        return SavedSession(int(item["version"]["N"]), json.loads(gzip.decompress(item["state"]["B"])))

    async def acquire(self, account: str) -> str | None:
        """Take the right to log in; None while another has it."""
        lease, now = uuid.uuid4().hex, self._clock.now()
        try:
            await self._call(
                self._client.update_item,
                Key=_key(account),
                UpdateExpression="SET lease = :lease, lease_until = :until, expires_at = if_not_exists(expires_at, :expires)",
                ConditionExpression="attribute_not_exists(lease) OR lease_until < :now",
                ExpressionAttributeValues={
                    ":lease": {"S": lease},
                    ":until": {"N": str(now + LOGIN_LEASE_SECONDS)},
                    ":now": {"N": str(now)},
                    ":expires": {"N": str(int(now + KEPT_SECONDS))},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return lease

    async def renew(self, account: str, lease: str) -> bool:
        """Keep the lease longer; False where it is not ours any more."""
        until = {":until": {"N": str(self._clock.now() + LOGIN_LEASE_SECONDS)}}
        return await self._change_lease(account, lease, "SET lease_until = :until", until)

    async def save(self, account: str, state: dict[str, Any], lease: str) -> SavedSession:
        """Keep a new session and give the lease back."""
        try:
            return await self._save(account, state, lease)
        except self._client.exceptions.ConditionalCheckFailedException:
            raise LeaseLost("another task logs in by now") from None

    async def _save(self, account: str, state: dict[str, Any], lease: str) -> SavedSession:
        answer = await self._call(
            self._client.update_item,
            Key=_key(account),
            UpdateExpression="SET #state = :state, expires_at = :expires ADD version :one REMOVE lease, lease_until",
            ConditionExpression="lease = :lease",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={
                ":state": {"B": gzip.compress(json.dumps(state).encode())},
                ":expires": {"N": str(int(self._clock.now() + KEPT_SECONDS))},
                ":one": {"N": "1"},
                ":lease": {"S": lease},
            },
            ReturnValues="UPDATED_NEW",
        )
        return SavedSession(int(answer["Attributes"]["version"]["N"]), state)

    async def release(self, account: str, lease: str) -> None:
        """Give the lease back without a session."""
        await self._change_lease(account, lease, "REMOVE lease, lease_until", {})

    async def _change_lease(self, account: str, lease: str, change: str, values: dict[str, Any]) -> bool:
        try:
            await self._call(
                self._client.update_item,
                Key=_key(account),
                UpdateExpression=change,
                ConditionExpression="lease = :lease",
                ExpressionAttributeValues=values | {":lease": {"S": lease}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    async def _call(self, operation: Any, **arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(operation, TableName=self._table, **arguments)
        except self._client.exceptions.ConditionalCheckFailedException:
            raise
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"DynamoDB: {type(error).__name__}") from None


def _key(account: str) -> Any:
    return {"pk": {"S": f"session#{account}"}}
