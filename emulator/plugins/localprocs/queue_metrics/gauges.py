"""What SQS tells of a queue at one moment, from its messages alone.

The rules: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
"""

from collections.abc import Iterable
from dataclasses import dataclass

TOO_OFTEN_RECEIVED = 3
"""A standard queue puts a message that was received so often at its back and leaves it out of the age."""


@dataclass(frozen=True, slots=True)
class Held:
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


def gauge(
    messages: Iterable[Held], at: float, *, is_fifo: bool, is_dead_letter: bool, retention_seconds: float
) -> Gauges:
    """Tell the queue's figures at a moment that is not before any of its changes.

    Messages count from when they are sent to when they expire. In a dead-letter queue each counts towards the age,
    however often it was received there.
    """
    visible = in_flight = delayed = 0
    oldest: float | None = None
    groups: set[str | None] = set()
    for message in messages:
        if not at - retention_seconds < message.sent_at <= at:
            continue
        if message.delayed_until > at:
            delayed += 1
        elif message.is_in_flight and message.visible_at > at:
            in_flight += 1
            groups.add(message.group)
        else:
            visible += 1
        if is_fifo or is_dead_letter or message.receives < TOO_OFTEN_RECEIVED:
            oldest = message.sent_at if oldest is None else min(oldest, message.sent_at)
    return Gauges(visible, in_flight, delayed, None if oldest is None else at - oldest, len(groups) if is_fifo else 0)
