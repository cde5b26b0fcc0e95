"""Whole histories of the limiter: bursts, copies, crashes, outages, clocks that differ, in every order."""

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.unit.rate_limiter.simulation import invariants
from tests.unit.rate_limiter.simulation.options import CALM, SKEWED, STORMY, Options
from tests.unit.rate_limiter.simulation.world import World

LONGEST_DRAIN_SECONDS = 100_000


def message(account: int, content: int) -> dict[str, Any]:
    """A job of an account."""
    return {
        "action": "send_message",
        "creator_id": f"creator-{account}",
        "user_id": "fan",
        "message_content": str(content),
    }


class Histories(RuleBasedStateMachine):
    """Anything that may happen to the limiter; the invariants hold at each message and at the end.

    The world looks at each message as it reaches the workflows queue: no window
    of 60 s holds more than ten, late forwards included.
    """

    def __init__(self) -> None:
        super().__init__()
        self.contents: list[dict[str, Any]] = []
        self.world: World

    @initialize(seed=st.integers(0, 2**32), concurrency=st.integers(1, 5))
    def begin(self, seed: int, concurrency: int) -> None:
        self.world = World(Random(seed), concurrency=concurrency)

    @rule(count=st.integers(1, 25), accounts=st.integers(1, 20))
    def burst(self, count: int, accounts: int) -> None:
        for _ in range(count):
            self.contents.append(message(len(self.contents) % accounts, len(self.contents)))
            self.world.produce(self.contents[-1])

    @rule(chosen=st.integers(0, 2**16), count=st.integers(1, 3))
    def copies(self, chosen: int, count: int) -> None:
        for _ in range(count if self.contents else 0):
            self.world.produce(self.contents[chosen % len(self.contents)])

    @rule(number=st.integers(0, 3))
    def invalid(self, number: int) -> None:
        self.world.produce_invalid(f"{{no job {number}")

    @rule(seconds=st.sampled_from([0.02, 0.3, 2.0, 20.0, 63.0, 200.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(weather=st.sampled_from([CALM, SKEWED, STORMY, STORMY]))
    def weather_changes(self, weather: Options) -> None:
        self.world.options = weather

    @rule()
    def every_process_dies(self) -> None:
        self.world.kill_all()

    @rule(service=st.sampled_from(["store", "workflows", "ingress"]), seconds=st.sampled_from([2, 30, 400]))
    def service_goes_down(self, service: str, seconds: float) -> None:
        self.world.take_down(service, seconds)

    def teardown(self) -> None:
        """However it began, it ends well once nothing goes wrong any more."""
        world = self.world
        world.options = CALM
        world.drain(LONGEST_DRAIN_SECONDS)
        invariants.check_nothing_lost(world)
        invariants.check_once(world, excused=True)
        invariants.check_order(world)
        invariants.check_tokens(world)


@pytest.mark.requirement("1.1", "1.3", "1.4", "2.1", "2.2")
def test_no_history_breaks_the_limit_loses_a_message_or_forwards_one_twice() -> None:
    """Over any interleaving, crash, copy, outage and clock: ten a window, nothing lost, each once and in order."""
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=50,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        ),
    )


def storm(seed: int, **world: Any) -> World:
    """Run one bad afternoon to its end."""
    random = Random(seed)
    result = World(Random(seed + 1), STORMY, concurrency=random.choice([1, 2, 5]), **world)
    contents: list[dict[str, Any]] = []
    for _ in range(6):
        for _ in range(random.randint(0, 25)):
            contents.append(message(random.randrange(random.choice([1, 20])), len(contents)))
            result.produce(contents[-1])
        if contents and random.random() < 0.5:
            result.produce(random.choice(contents))
        if random.random() < 0.3:
            result.take_down(random.choice(["store", "workflows", "ingress"]), random.choice([3, 60, 400]))
        if random.random() < 0.3:
            result.run(random.random())
            result.kill_all()
        result.run(random.choice([1, 60, 200, 900]))
    result.options = CALM
    result.drain(LONGEST_DRAIN_SECONDS)
    return result


@pytest.mark.requirement("1.1", "1.3", "1.4")
@pytest.mark.parametrize("seed", range(15))
def test_a_storm_ends_with_everything_forwarded_once_in_order_and_in_time(seed: int) -> None:
    """Crashes, lost answers, duplicates, outages and clocks 2 s apart: every invariant holds."""
    world = storm(seed)

    invariants.check_nothing_lost(world)
    invariants.check_once(world, excused=True)
    invariants.check_order(world)
    invariants.check_tokens(world)


def test_the_same_seed_gives_the_same_history() -> None:
    """A failure can be looked at again."""
    first, second = storm(7), storm(7)

    assert first.workflows.messages == second.workflows.messages
    assert first.now == second.now
    assert first.store_calls == second.store_calls


@pytest.mark.requirement("1.3")
@pytest.mark.parametrize("accounts", [1, 3, 50])
def test_a_burst_is_received_twice_a_message_however_large_it_is(accounts: int) -> None:
    """Receives a message do not grow with the burst, whatever the order in which the queue hands them out."""
    for count in (10, 100, 300):
        world = World(Random(count))
        for number in range(count):
            world.produce(message(number % accounts, number))

        world.drain(LONGEST_DRAIN_SECONDS)

        assert sum(world.ingress.receives.values()) / count <= 2.05
        assert not world.ingress.dead
        invariants.check_nothing_lost(world)
        invariants.check_once(world, excused=False)
        invariants.check_order(world)


@pytest.mark.requirement("1.1")
def test_a_long_burst_is_forwarded_at_more_than_nine_a_minute() -> None:
    """The margins cost 4 s a window and no more: 300 messages are through in 30 windows of 64 s."""
    world = World(Random(1))
    for number in range(300):
        world.produce(message(number, number))

    world.drain(30 * 64)

    invariants.check_nothing_lost(world)


@pytest.mark.requirement("1.3")
def test_a_crash_costs_the_window_that_it_hit_and_no_later_one() -> None:
    """Ten tokens die with a process between reservation and send; the next ten messages have theirs a window later."""
    world = World(Random(3))
    for number in range(10):
        world.produce(message(number, number))
    world.run(0.01)
    while not any(token.holder for token in world.store.bucket.tokens):
        world.run(0.001)
    world.kill_all()
    crashed_at = world.now

    for number in range(10, 20):
        world.produce(message(number, number))
    world.drain(LONGEST_DRAIN_SECONDS)

    others = [it.sent_at / 1000 - crashed_at for it in world.workflows.messages][:10]
    limit = world.limit
    assert max(others) <= (limit.window_ms + limit.clock_skew_ms + limit.lease_ms) / 1000 + 3
