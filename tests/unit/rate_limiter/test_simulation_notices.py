"""The simulation is worth its run: each of these mistakes breaks an invariant within a few histories."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from huntaze_scraper.rate_limiter import decisions, turns
from huntaze_scraper.rate_limiter.decisions import Forwarding
from huntaze_scraper.rate_limiter.reservations import ReservedMeanwhile
from huntaze_scraper.rate_limiter.token_bucket import Bucket, Limit, Token
from huntaze_scraper.rate_limiter.turns import State
from huntaze_scraper.state.slot import Reservation
from tests.unit.rate_limiter.memory import MemoryReservations
from tests.unit.rate_limiter.simulation import invariants
from tests.unit.rate_limiter.simulation.invariants import Broken
from tests.unit.rate_limiter.simulation.options import CALM, SKEWED, Options
from tests.unit.rate_limiter.simulation.world import World
from tests.unit.rate_limiter.test_simulation import message

HISTORIES = 20
TWICE = Options(duplicate_delivery=5, slow=0.1, clock_skew_seconds=2.0)
"""Messages in hand are delivered again."""


def a_history(seed: int, weather: Options, limit: Limit) -> None:
    """Bursts of a few accounts in the given weather, then calm to the end, then every invariant."""
    world = World(Random(seed), weather, limit=limit, concurrency=3)
    for number in range(40):
        world.produce(message(number % 3, number))
    world.run(150)
    for number in range(40, 60):
        world.produce(message(number % 3, number))
    world.produce(message(0, 0))
    world.run(400)
    world.produce(message(1, 1))
    world.options = CALM
    world.drain(5_000)
    invariants.check_nothing_lost(world)
    invariants.check_once(world, excused=True)
    invariants.check_order(world)


def notices(weather: Options, limit: Limit | None = None) -> bool:
    """Tell whether one of some histories breaks an invariant."""
    for seed in range(HISTORIES):
        try:
            a_history(seed, weather, limit or Limit())
        except Broken:
            return True
    return False


def test_right_as_it_is_nothing_is_noticed() -> None:
    """The same histories are whole with the limiter as it ships."""
    assert not notices(SKEWED)
    assert not notices(TWICE)


def test_no_margin_for_clocks_is_noticed() -> None:
    """Clocks 2 s apart need the margin of 2 s."""
    assert notices(SKEWED, Limit(clock_skew_ms=0, slack_ms=3_000))


def counted_at_the_slot(patch: pytest.MonkeyPatch) -> None:
    """Trap 4: count a token as spent when it was granted, not when its message was sent."""

    def spent(bucket: Bucket, limit: Limit, job_id: str, _sent_at: int) -> Bucket:
        token = bucket.held_by(job_id)
        return bucket.exchanged(token, Token(token.held_from + limit.return_ms)) if token else bucket

    patch.setattr(Bucket, "spent", spent)


def written_without_a_condition(patch: pytest.MonkeyPatch) -> None:
    """Take tokens from a bucket that another invocation has changed."""
    write = MemoryReservations.write

    def overwrite(store: MemoryReservations, changed: State) -> State:
        return write(store, replace(changed, bucket=replace(changed.bucket, version=store.bucket.version)))

    patch.setattr(MemoryReservations, "write", overwrite)


def spent_before_it_is_back(patch: pytest.MonkeyPatch) -> None:
    """Let a holder spend its token before the one before it is a window old."""
    patch.setattr(Token, "__init__", _without_held_from(Token.__init__))


def deleted_while_it_waits(patch: pytest.MonkeyPatch) -> None:
    """Trap 1: a delayed message that is not reported is deleted."""
    patch.setattr(decisions, "HANDLED", frozenset(Forwarding) - {Forwarding.FAILED})


def sent_without_waiting_for_the_one_before(patch: pytest.MonkeyPatch) -> None:
    """Let an account's messages go in any order."""
    patch.setattr(turns._Decision, "_is_in_order", _always_in_order)


def forgotten_once_forwarded(patch: pytest.MonkeyPatch) -> None:
    """Do not remember what was forwarded."""
    write = MemoryReservations.write

    def forget(store: MemoryReservations, changed: State) -> State:
        written = write(store, changed)
        gone = [job_id for job_id, it in changed.reservations.items() if it.forwarded_at is not None]
        for job_id in gone:
            store.reservations[job_id] = replace(store.reservations[job_id], forwarded_at=None)
        return written

    patch.setattr(MemoryReservations, "write", forget)


def not_tried_again_after_a_conflict(patch: pytest.MonkeyPatch) -> None:
    """Forward although the reservation was not written."""
    write = MemoryReservations.write

    def pretend(store: MemoryReservations, changed: State) -> State:
        try:
            return write(store, changed)
        except ReservedMeanwhile:
            return changed

    patch.setattr(MemoryReservations, "write", pretend)


def _always_in_order(decision: Any, reservation: Reservation) -> bool:
    decision.gone.setdefault(reservation.account, reservation.number - 1)
    return True


def _without_held_from(init: Callable[..., None]) -> Callable[..., None]:
    def make(token: Token, back_at: int, holder: str | None = None, _held_from: int = 0, *rest: Any) -> None:
        init(token, back_at, holder, 0, *rest)

    return make


@pytest.mark.parametrize(
    ("mistake", "weather"),
    [
        (counted_at_the_slot, SKEWED),
        (written_without_a_condition, SKEWED),
        (spent_before_it_is_back, TWICE),
        (deleted_while_it_waits, SKEWED),
        (sent_without_waiting_for_the_one_before, SKEWED),
        (forgotten_once_forwarded, SKEWED),
        (not_tried_again_after_a_conflict, SKEWED),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_mistake_in_the_limiter_is_noticed(mistake: Callable[[pytest.MonkeyPatch], None], weather: Options) -> None:
    """Make one, and an invariant breaks."""
    with pytest.MonkeyPatch.context() as patch:
        mistake(patch)
        assert notices(weather)
