"""The store of the bucket, the places and the line: DynamoDB, its writes transactions on the bucket's version."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import HuntazeError
from huntaze_scraper.limit.line import Next
from huntaze_scraper.rate_limiter.bucket import Bucket
from huntaze_scraper.rate_limiter.waiting import Waiting, partition
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.state.line_table import LineTable
from huntaze_scraper.state.slot import KEPT_SECONDS, Place
from huntaze_scraper.state.table import Conflict, Item, StateTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class WrittenMeanwhile(HuntazeError):
    """Another invocation wrote first: read again, decide again."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What is written, all of it or nothing."""

    bucket: Bucket
    places: Mapping[str, Place] = field(default_factory=dict)
    waiting: Iterable[Waiting] = ()
    """Jobs that join the line, or whose message comes back at another moment."""
    gone: Iterable[Waiting] = ()
    """Jobs that leave it."""


class Places(Protocol):
    """What the limiter remembers. Every method raises StoreUnavailable where there is no answer."""

    def read(self, key: str, job_ids: Collection[str]) -> tuple[Bucket, dict[str, Place]]:
        """Return the bucket and the jobs' places, all as of one moment. Raises WrittenMeanwhile."""
        ...

    def first(self, turn: Next, count: int) -> list[Waiting]:
        """Return an account's first waiting jobs of a priority, in the order in which they were sent."""
        ...

    def write(self, key: str, changed: Changed) -> Bucket:
        """Store the change if the bucket is still the one that was read; return it with its new version.

        Raises WrittenMeanwhile. Where StoreUnavailable is raised, it may have been stored or not.
        """
        ...


class DynamoPlaces:
    """Places in the state table, and the line in its own.

    Reads of the bucket are transactions as well: were the items read one by one, a bucket read last would let a write
    through that rests on older places.
    """

    def __init__(self, client: "DynamoDBClient", table: str, line_table: str, capacity: int, clock: Clock) -> None:
        """Use the tables."""
        self._table = StateTable(client, table)
        self._line = LineTable(client, line_table)
        self._capacity = capacity
        self._clock = clock

    def read(self, key: str, job_ids: Collection[str]) -> tuple[Bucket, dict[str, Place]]:
        """Return the bucket and the places; expired ones are as good as deleted, which DynamoDB does days later."""
        keys = {Kind.SLOT.key(job_id): job_id for job_id in job_ids}
        try:
            items = self._table.get_together([key, *keys])
        except Conflict:
            raise WrittenMeanwhile from None
        now = self._clock.now()
        alive = {keys[name]: it for name, it in items.items() if name != key and it["expires_at"] > now}
        return Bucket.read(items.get(key, {}), self._capacity), {name: Place.read(it) for name, it in alive.items()}

    def first(self, turn: Next, count: int) -> list[Waiting]:
        """Return an account's first waiting jobs of a priority."""
        return [Waiting.read(item) for item in self._line.first(partition(*turn), count)]

    def write(self, key: str, changed: Changed) -> Bucket:
        """Store the change, if nobody else wrote since the bucket was read."""
        version = changed.bucket.version
        parts = [self._table.put(key, changed.bucket.write(), version=version)]
        for job_id, place in changed.places.items():
            parts.append(self._table.put(Kind.SLOT.key(job_id), place.write() | self._expires(place.slot_at)))
        parts += [
            self._line.put(partition(*it.turn), it.order, it.write() | self._expires(it.wakes_at))
            for it in changed.waiting
        ]
        parts += [self._line.delete(partition(*it.turn), it.order) for it in changed.gone]
        try:
            self._table.write_together(parts)
        except Conflict:
            raise WrittenMeanwhile from None
        return replace(changed.bucket, version=version + 1)

    def _expires(self, moment: int) -> Item:
        return {"expires_at": int(max(self._clock.now(), moment / 1000)) + KEPT_SECONDS}
