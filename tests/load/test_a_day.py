"""A whole day at the rate, with the real limiter and models of the queues, on a clock that costs nothing."""

from random import Random

import pytest

from tests.unit.rate_limiter.simulation import invariants
from tests.unit.rate_limiter.simulation.world import World

HOURS = 24
A_MINUTE = 10
CREATORS = 50
PERIOD_SECONDS = 61.2
"""Ten tokens come back so long after they were spent: the window and the margins."""


@pytest.mark.requirement("1.1", "1.3", "1.4")
def test_a_day_at_ten_a_minute_loses_nothing_and_ends() -> None:
    """14,400 messages: each forwarded once, in order, received twice at most, within a day and what the margins cost."""
    world = World(Random(24))
    for minute in range(HOURS * 60):
        for number in range(A_MINUTE * minute, A_MINUTE * (minute + 1)):
            world.produce(
                {
                    "action": "send_message",
                    "creator_id": f"creator-{number % CREATORS}",
                    "user_id": "fan",
                    "message_content": str(number),
                }
            )
        world.run(60)
    count = HOURS * 60 * A_MINUTE

    world.drain(count / 10 * PERIOD_SECONDS - HOURS * 3600 + 3600)

    invariants.check_nothing_lost(world)
    invariants.check_once(world, excused=False)
    invariants.check_line_is_empty(world)
    assert sum(world.ingress.receives.values()) / count <= 2.05
