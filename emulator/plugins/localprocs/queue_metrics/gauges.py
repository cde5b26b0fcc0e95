"""What SQS tells of a queue at a moment, from its messages alone.

The rules: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

TOO_OFTEN_RECEIVED = 3
"""A standard queue puts a message that was received so often at its back and leaves it out of the age."""


class Held(NamedTuple):
    """A message that a queue holds."""

    sent_at: float
    """When it came into this queue: of a dead-letter queue, when it was moved there."""
    group: str | None = None
    receives: int = 0
    visible_at: float = 0.0
    """When a consumer's visibility timeout ends."""
    is_in_flight: bool = False
    """Whether a consumer has it, for as long as ``visible_at`` is ahead."""
    delayed_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Gauges:
    """The figures of one moment."""

    visible: int
    in_flight: int
    delayed: int
    age_of_oldest: float | None
    """Nothing where no message counts."""
    groups_in_flight: int


class Timeline:
    """A queue's figures at any moment, as long as nothing is done to it.

    Its messages count from when they are sent to when they expire. In a dead-letter queue each counts towards the age,
    however often it was received there.
    """

    def __init__(
        self, messages: Iterable[Held], *, is_fifo: bool, is_dead_letter: bool, retention_seconds: float
    ) -> None:
        """Sort the moments at which something changes by itself."""
        held = list(messages)
        counts_all = is_fifo or is_dead_letter
        self._retention = retention_seconds
        self._sent = sorted(each.sent_at for each in held)
        self._aging = sorted(each.sent_at for each in held if counts_all or each.receives < TOO_OFTEN_RECEIVED)
        self._delayed = _Spans((each.sent_at, self._end(each, each.delayed_until)) for each in held)
        in_flight = [each for each in held if each.is_in_flight]
        self._in_flight = _Spans((each.sent_at, self._end(each, each.visible_at)) for each in in_flight)
        groups: dict[str | None, float] = {}
        for each in in_flight if is_fifo else ():
            groups[each.group] = max(groups.get(each.group, 0.0), self._end(each, each.visible_at))
        self._groups = _Spans((0.0, end) for end in groups.values())

    def at(self, moment: float) -> Gauges:
        """Return the figures of a moment that is not before any change of the queue."""
        kept = bisect_right(self._sent, moment) - bisect_right(self._sent, moment - self._retention)
        delayed, in_flight = self._delayed.at(moment), self._in_flight.at(moment)
        oldest = bisect_right(self._aging, moment - self._retention)
        is_any = oldest < len(self._aging) and self._aging[oldest] <= moment
        return Gauges(
            visible=kept - delayed - in_flight,
            in_flight=in_flight,
            delayed=delayed,
            age_of_oldest=moment - self._aging[oldest] if is_any else None,
            groups_in_flight=self._groups.at(moment),
        )

    def _end(self, message: Held, end: float) -> float:
        return min(end, message.sent_at + self._retention)


class _Spans:
    """How many of some stretches of time hold a moment."""

    def __init__(self, spans: Iterable[tuple[float, float]]) -> None:
        real = [(start, end) for start, end in spans if end > start]
        self._starts = sorted(start for start, _ in real)
        self._ends = sorted(end for _, end in real)

    def at(self, moment: float) -> int:
        return bisect_right(self._starts, moment) - bisect_right(self._ends, moment)
