"""Places in memory, with the promises of the tables."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from huntaze_scraper.limit.line import Next
from huntaze_scraper.rate_limiter.bucket import Bucket
from huntaze_scraper.rate_limiter.places import Changed, WrittenMeanwhile
from huntaze_scraper.rate_limiter.waiting import Waiting
from huntaze_scraper.state.slot import Place


class MemoryPlaces:
    """Implements ``Places``."""

    def __init__(self, capacity: int = 10) -> None:
        self._capacity = capacity
        self.buckets: dict[str, Bucket] = {}
        self.places: dict[str, Place] = {}
        self.line: defaultdict[Next, dict[str, Waiting]] = defaultdict(dict)

    def bucket(self, key: str) -> Bucket:
        return self.buckets.get(key, Bucket.read({}, self._capacity))

    def read(self, key: str, job_ids: Collection[str]) -> tuple[Bucket, dict[str, Place]]:
        return self.bucket(key), {job_id: self.places[job_id] for job_id in job_ids if job_id in self.places}

    def first(self, turn: Next, count: int) -> list[Waiting]:
        return [self.line[turn][name] for name in sorted(self.line[turn])[:count]]

    def write(self, key: str, changed: Changed) -> Bucket:
        if changed.bucket.version != self.bucket(key).version:
            raise WrittenMeanwhile
        self.buckets[key] = replace(changed.bucket, version=changed.bucket.version + 1)
        self.places.update(changed.places)
        for it in changed.waiting:
            self.line[it.turn][it.order] = it
        for it in changed.gone:
            self.line[it.turn].pop(it.order, None)
        return self.buckets[key]

    @property
    def waiting(self) -> list[Waiting]:
        return [it for each in self.line.values() for it in each.values()]
