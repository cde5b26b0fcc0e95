"""The store of the bucket, the reservations and the lines: DynamoDB, one read and one write a batch, both transactions."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import HuntazeError
from huntaze_scraper.rate_limiter.token_bucket import Bucket, Token
from huntaze_scraper.rate_limiter.turns import Line, State
from huntaze_scraper.state.attributes import known
from huntaze_scraper.state.keys import WORKFLOWS_BUCKET, Kind
from huntaze_scraper.state.slot import Reservation
from huntaze_scraper.state.table import Conflict, Item, StateTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_SECONDS = 14 * 24 * 3600
"""How long a reservation and a line outlive their last use: the longest that a copy can lie in a queue."""


class ReservedMeanwhile(HuntazeError):
    """Another invocation wrote first: read again, decide again."""


class Reservations(Protocol):
    """What the limiter remembers."""

    def read(self, job_ids: Collection[str], accounts: Collection[str]) -> State:
        """Return the bucket and what is known of the jobs and the accounts, all as of one moment.

        Raises:
            ReservedMeanwhile: another invocation was writing.
            StoreUnavailable: no answer.
        """
        ...

    def write(self, changed: State) -> State:
        """Store all of it or nothing, if the bucket is still the one that was read; return it with its new version.

        Raises:
            ReservedMeanwhile: the bucket has changed since.
            StoreUnavailable: it may have been stored or not.
        """
        ...


class DynamoReservations:
    """Reservations in the state table.

    Reads are transactions as well: were the items read one by one, a bucket read
    last would let a write through that rests on older reservations and lines.
    """

    def __init__(self, client: "DynamoDBClient", table: str, capacity: int, clock: Clock) -> None:
        """Use the table."""
        self._table = StateTable(client, table)
        self._capacity = capacity
        self._clock = clock

    def read(self, job_ids: Collection[str], accounts: Collection[str]) -> State:
        """Return the state of the batch; expired items are as good as deleted, which DynamoDB does days later."""
        slots = {Kind.SLOT.key(job_id): job_id for job_id in job_ids}
        lines = {Kind.LINE.key(account): account for account in accounts}
        try:
            items = self._table.get_together([WORKFLOWS_BUCKET, *slots, *lines])
        except Conflict:
            raise ReservedMeanwhile from None
        bucket = items.pop(WORKFLOWS_BUCKET, None)
        now = self._clock.now()
        alive = {key: item for key, item in items.items() if item["expires_at"] > now}
        return State(
            bucket=_to_bucket(bucket) if bucket else Bucket.full(self._capacity),
            reservations={job_id: Reservation.read(alive[key]) for key, job_id in slots.items() if key in alive},
            lines={account: _to_line(alive[key]) for key, account in lines.items() if key in alive},
        )

    def write(self, changed: State) -> State:
        """Store the state of the batch if nobody else wrote since it was read."""
        version = changed.bucket.version
        written = replace(changed, bucket=replace(changed.bucket, version=version + 1))
        items = [(WORKFLOWS_BUCKET, _from_bucket(written.bucket))]
        for job_id, reservation in changed.reservations.items():
            items.append((Kind.SLOT.key(job_id), reservation.write() | self._expires(reservation.slot_at)))
        for account, line in changed.lines.items():
            items.append((Kind.LINE.key(account), asdict(line) | self._expires(line.last_slot)))
        try:
            self._table.put_together(items, guard=WORKFLOWS_BUCKET, version=version)
        except Conflict:
            raise ReservedMeanwhile from None
        return written

    def _expires(self, slot_at: int) -> Item:
        return {"expires_at": int(max(self._clock.now(), slot_at / 1000)) + KEPT_SECONDS}


def _from_bucket(bucket: Bucket) -> Item:
    return {
        "version": bucket.version,
        "tokens": [_from_token(token) for token in bucket.tokens],
        "slots": bucket.slots,
    }


def _to_bucket(item: Mapping[str, Any]) -> Bucket:
    return Bucket(
        tokens=tuple(Token(**known(Token, token)) for token in item["tokens"]),
        slots=tuple(item["slots"]),
        version=item["version"],
    )


def _from_token(token: Token) -> Item:
    if token.holder is None:
        return {"back_at": token.back_at}
    return {name: value for name, value in asdict(token).items() if value is not None}


def _to_line(item: Mapping[str, Any]) -> Line:
    return Line(**known(Line, item))
