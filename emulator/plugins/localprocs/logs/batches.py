"""What PutLogEvents takes, and what of it is kept (API reference, "PutLogEvents"); and how to keep to it."""

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_EVENTS = 10_000
MOST_BYTES = 1_048_576
OVERHEAD_BYTES = 26
"""Counted for each event."""
LONGEST_SPAN_MILLIS = 24 * 3600 * 1000
OLDEST_MILLIS = 14 * 24 * 3600 * 1000
NEWEST_MILLIS = 2 * 3600 * 1000
LONGEST_LINE_BYTES = 256 * 1024 - OVERHEAD_BYTES
"""What the shippers of Lambda and of containers make one event of; a longer line becomes several."""

type Event = Mapping[str, Any]


class InvalidBatch(Exception):
    """A batch that AWS refuses; the text is AWS's."""


@dataclass(frozen=True)
class Sorted:
    """A batch's events that are kept, and where those lie that are not."""

    kept: Sequence[Event]
    rejected: Mapping[str, int] = field(default_factory=dict)


def sort(events: Sequence[Event], retention_days: int | None, now: float | None = None) -> Sorted:
    """Tell which events are kept; ``now`` in epoch seconds.

    Raises:
        InvalidBatch: none of them is.
    """
    if len(events) > MOST_EVENTS:
        raise InvalidBatch(
            "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length "
            f"less than or equal to {MOST_EVENTS}"
        )
    size = sum(len(event["message"].encode()) + OVERHEAD_BYTES for event in events)
    if size > MOST_BYTES:
        raise InvalidBatch(f"Upload too large: {size} bytes exceeds limit of {MOST_BYTES}")
    times = [int(event["timestamp"]) for event in events]
    if any(one > other for one, other in itertools.pairwise(times)):
        raise InvalidBatch("Log events in a single PutLogEvents request must be in chronological order.")
    if times and times[-1] - times[0] > LONGEST_SPAN_MILLIS:
        raise InvalidBatch("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    return _within(events, times, retention_days, (time.time() if now is None else now) * 1000)


def _within(events: Sequence[Event], times: Sequence[int], retention_days: int | None, now: float) -> Sorted:
    old = sum(at < now - OLDEST_MILLIS for at in times)
    expired = sum(at < now - retention_days * 24 * 3600 * 1000 for at in times) if retention_days else 0
    new = sum(at <= now + NEWEST_MILLIS for at in times)
    rejected = {}
    if old:
        rejected["tooOldLogEventEndIndex"] = old
    if expired > old:
        rejected["expiredLogEventEndIndex"] = expired
    if new < len(times):
        rejected["tooNewLogEventStartIndex"] = new
    return Sorted(events[max(old, expired) : new], rejected)


def fitting(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Cut events, in the order of time, into batches that are taken, and long lines into several events."""
    batch: list[Event] = []
    size = 0
    for event in (part for each in events for part in _cut(each)):
        added = len(event["message"].encode()) + OVERHEAD_BYTES
        is_late = bool(batch) and event["timestamp"] - batch[0]["timestamp"] > LONGEST_SPAN_MILLIS
        if batch and (is_late or len(batch) == MOST_EVENTS or size + added > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += added
    if batch:
        yield batch


def _cut(event: Event) -> Iterator[Event]:
    if len(event["message"]) * 4 <= LONGEST_LINE_BYTES:  # no letter takes more bytes
        yield event
        return
    left = event["message"].encode()
    while left:
        end = min(LONGEST_LINE_BYTES, len(left))
        while end < len(left) and left[end] & 0xC0 == 0x80:  # noqa: PLR2004 - within a letter of several bytes
            end -= 1
        yield {**event, "message": left[:end].decode()}
        left = left[end:]
