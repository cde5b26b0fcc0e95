"""Places whose capacity is counted as DynamoDB bills it, of the items that the shipped code makes."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from huntaze_scraper.clock import SystemClock
from huntaze_scraper.limit.line import Next
from huntaze_scraper.rate_limiter.bucket import Bucket
from huntaze_scraper.rate_limiter.places import Changed, DynamoPlaces
from huntaze_scraper.rate_limiter.waiting import Waiting
from tests.unit.rate_limiter.memory import MemoryPlaces

WRITE_BYTES, READ_BYTES = 1024, 4096
"""What one unit writes, and what one reads; in a transaction each takes two."""
RECEIPT_HANDLE_BYTES = 400
"""AWS's, where the simulation's have a few."""


class MeteredPlaces(MemoryPlaces):
    """Implements ``Places``, and counts."""

    def __init__(self, capacity: int = 10) -> None:
        super().__init__(capacity)
        self.meter = Meter()
        self._shipped = DynamoPlaces(self.meter, "state", "line", capacity, SystemClock())  # type: ignore[arg-type]

    def read(self, key: str, job_ids: Collection[str]) -> tuple[Bucket, dict[str, Any]]:
        self._shipped.read(key, job_ids)
        return super().read(key, job_ids)

    def first(self, turn: Next, count: int) -> list[Waiting]:
        found = super().first(turn, count)
        self.meter.units_read += max(1, math.ceil(sum(self.meter.line_bytes(it) for it in found) / READ_BYTES))
        return found

    def write(self, key: str, changed: Changed) -> Bucket:
        self._shipped.write(key, changed)  # one that comes too late is billed, too
        return super().write(key, changed)


class Meter:
    """DynamoDB's client, as far as units go: it keeps of each item how large it is."""

    def __init__(self) -> None:
        self.units_written = 0
        self.units_read = 0
        self._sizes: dict[str, int] = {}

    def transact_get_items(self, TransactItems: Any) -> Any:  # noqa: N803 - boto3's name
        sizes = [self._sizes.get(str(it["Get"]["Key"]), 0) for it in TransactItems]
        self.units_read += sum(2 * max(1, math.ceil(it / READ_BYTES)) for it in sizes)
        return {"Responses": [{} for _ in TransactItems]}

    def transact_write_items(self, TransactItems: Any) -> None:  # noqa: N803 - boto3's name
        for part in TransactItems:
            if "Put" in part:
                item = part["Put"]["Item"]
                size = _item_bytes(item)
                self._sizes[str({name: item[name] for name in ("pk", "sk") if name in item})] = size
            else:
                size = self._sizes.pop(str(part["Delete"]["Key"]), 0)
            self.units_written += 2 * max(1, math.ceil(size / WRITE_BYTES))

    def line_bytes(self, waiting: Waiting) -> int:
        """Return how large a waiting job's item is."""
        key = {"pk": {"S": f"{waiting.turn.priority}#{waiting.turn.account}"}, "sk": {"S": waiting.order}}
        return self._sizes.get(str(key), 0)


def _item_bytes(item: Mapping[str, Any]) -> int:
    longer = RECEIPT_HANDLE_BYTES if "receipt_handle" in item else 0
    return sum(len(name) + _bytes(value) for name, value in item.items()) + longer


def _bytes(attribute: Mapping[str, Any]) -> int:
    """Return how many bytes a value counts (DynamoDB Developer Guide, "Item sizes and formats")."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return len(value) // 2 + 2
        case "BOOL":
            return 1
        case "M":
            return 3 + sum(1 + len(name) + _bytes(each) for name, each in value.items())
        case "L":
            return 3 + sum(1 + _bytes(each) for each in value)
    return len(value.encode())
