"""Reservations in memory, with the promises of the table."""

from collections.abc import Collection
from dataclasses import replace

from huntaze_scraper.rate_limiter.reservations import ReservedMeanwhile
from huntaze_scraper.rate_limiter.token_bucket import Bucket
from huntaze_scraper.rate_limiter.turns import Line, State
from huntaze_scraper.state.slot import Reservation


class MemoryReservations:
    """Implements ``Reservations``."""

    def __init__(self, capacity: int = 10) -> None:
        self.bucket = Bucket.full(capacity)
        self.reservations: dict[str, Reservation] = {}
        self.lines: dict[str, Line] = {}

    def read(self, job_ids: Collection[str], accounts: Collection[str]) -> State:
        return State(
            self.bucket,
            {job_id: self.reservations[job_id] for job_id in job_ids if job_id in self.reservations},
            {account: self.lines[account] for account in accounts if account in self.lines},
        )

    def write(self, changed: State) -> State:
        if changed.bucket.version != self.bucket.version:
            raise ReservedMeanwhile
        self.bucket = replace(changed.bucket, version=changed.bucket.version + 1)
        self.reservations.update(changed.reservations)
        self.lines.update(changed.lines)
        return replace(changed, bucket=self.bucket)
