"""The store of the bucket, the reservations and the lines: DynamoDB, one read and one write a batch, both transactions."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import HuntazeError, StoreUnavailable
from huntaze_scraper.rate_limiter.token_bucket import Bucket, Token
from huntaze_scraper.rate_limiter.turns import Line, Reservation, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BUCKET_KEY = "bucket#workflows"
KEPT_SECONDS = 14 * 24 * 3600
"""How long a reservation and a line outlive their last use: the longest that a copy can lie in a queue."""

LINE_FIELDS = tuple(each.name for each in fields(Line))
RACES = {"ConditionalCheckFailed", "TransactionConflict"}


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
        self._client = client
        self._table = table
        self._capacity = capacity
        self._clock = clock

    def read(self, job_ids: Collection[str], accounts: Collection[str]) -> State:
        """Return the state of the batch; expired items are as good as deleted, which DynamoDB does days later."""
        keys = [BUCKET_KEY, *(_slot_key(job_id) for job_id in job_ids), *(_line_key(account) for account in accounts)]
        items = {item["pk"]["S"]: item for item in self._items(keys)}
        now = self._clock.now()
        alive = {key: item for key, item in items.items() if key == BUCKET_KEY or float(item["expires_at"]["N"]) > now}
        bucket = _to_bucket(items[BUCKET_KEY]) if BUCKET_KEY in items else Bucket.full(self._capacity)
        return State(
            bucket=bucket,
            reservations={job: _to_reservation(alive[key]) for job in job_ids if (key := _slot_key(job)) in alive},
            lines={account: _to_line(alive[key]) for account in accounts if (key := _line_key(account)) in alive},
        )

    def write(self, changed: State) -> State:
        """Store the state of the batch if nobody else wrote since it was read."""
        version = changed.bucket.version
        written = replace(changed, bucket=replace(changed.bucket, version=version + 1))
        puts = [self._put(_from_bucket(written.bucket), **_unchanged_since(version))]
        now = self._clock.now()
        for job_id, reservation in changed.reservations.items():
            until = max(now, reservation.slot_at / 1000) + KEPT_SECONDS
            puts.append(self._put(_from_reservation(job_id, reservation, until)))
        for account, line in changed.lines.items():
            until = max(now, line.last_slot / 1000) + KEPT_SECONDS
            puts.append(self._put(_from_line(account, line, until)))
        with _translated():
            self._client.transact_write_items(TransactItems=puts)
        return written

    def _items(self, keys: list[str]) -> list[dict[str, Any]]:
        gets: list[Any] = [{"Get": {"TableName": self._table, "Key": {"pk": {"S": key}}}} for key in keys]
        with _translated():
            answer = self._client.transact_get_items(TransactItems=gets)
        return [response["Item"] for response in answer["Responses"] if response.get("Item")]

    def _put(self, item: Mapping[str, Any], **condition: Any) -> Any:
        return {"Put": {"TableName": self._table, "Item": item, **condition}}


def _unchanged_since(version: int) -> dict[str, Any]:
    if version == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": _number(version)},
    }


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        if code == "TransactionCanceledException" and reasons & RACES and reasons <= {*RACES, "None", None}:
            raise ReservedMeanwhile from None
        if code in ("TransactionConflictException", "TransactionInProgressException"):
            raise ReservedMeanwhile from None
        raise StoreUnavailable(f"the state table refused: {code}") from error
    except BotoCoreError as error:
        raise StoreUnavailable(f"the state table did not answer: {type(error).__name__}") from error


def _slot_key(job_id: str) -> str:
    return f"slot#{job_id}"


def _line_key(account: str) -> str:
    return f"line#{account}"


def _number(value: float) -> dict[str, str]:
    return {"N": str(int(value))}


def _from_bucket(bucket: Bucket) -> dict[str, Any]:
    return {
        "pk": {"S": BUCKET_KEY},
        "version": _number(bucket.version),
        "tokens": {"L": [{"M": _from_token(token)} for token in bucket.tokens]},
        "slots": {"L": [_number(slot_at) for slot_at in bucket.slots]},
    }


def _to_bucket(item: Mapping[str, Any]) -> Bucket:
    return Bucket(
        tokens=tuple(_to_token(token["M"]) for token in item["tokens"]["L"]),
        slots=tuple(int(slot["N"]) for slot in item["slots"]["L"]),
        version=int(item["version"]["N"]),
    )


def _from_token(token: Token) -> dict[str, Any]:
    if token.holder is None:
        return {"back_at": _number(token.back_at)}
    return {
        "back_at": _number(token.back_at),
        "holder": {"S": token.holder},
        "held_from": _number(token.held_from),
        "gives_way": {"BOOL": token.gives_way},
        **({"next_holder": {"S": token.next_holder}} if token.next_holder else {}),
    }


def _to_token(token: Mapping[str, Any]) -> Token:
    back_at = int(token["back_at"]["N"])
    if "holder" not in token:
        return Token(back_at)
    return Token(
        back_at=back_at,
        holder=token["holder"]["S"],
        held_from=int(token["held_from"]["N"]),
        gives_way=token["gives_way"]["BOOL"],
        next_holder=token["next_holder"]["S"] if "next_holder" in token else None,
    )


def _from_reservation(job_id: str, reservation: Reservation, until: float) -> dict[str, Any]:
    moments = {"granted_at": reservation.granted_at, "forwarded_at": reservation.forwarded_at}
    return {
        "pk": {"S": _slot_key(job_id)},
        "account": {"S": reservation.account},
        "number": _number(reservation.number),
        "slot_at": _number(reservation.slot_at),
        **{name: _number(moment) for name, moment in moments.items() if moment is not None},
        "expires_at": _number(until),
    }


def _to_reservation(item: Mapping[str, Any]) -> Reservation:
    return Reservation(
        account=item["account"]["S"],
        number=int(item["number"]["N"]),
        slot_at=int(item["slot_at"]["N"]),
        granted_at=int(item["granted_at"]["N"]) if "granted_at" in item else None,
        forwarded_at=int(item["forwarded_at"]["N"]) if "forwarded_at" in item else None,
    )


def _from_line(account: str, line: Line, until: float) -> dict[str, Any]:
    return {
        "pk": {"S": _line_key(account)},
        **{name: _number(getattr(line, name)) for name in LINE_FIELDS},
        "expires_at": _number(until),
    }


def _to_line(item: Mapping[str, Any]) -> Line:
    return Line(**{name: int(item[name]["N"]) for name in LINE_FIELDS})
