"""The simulation is worth its run: each of these mistakes breaks an invariant within a few histories."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from huntaze_scraper.limit.line import Next
from huntaze_scraper.rate_limiter import decisions, limiter, turns
from huntaze_scraper.rate_limiter.bucket import Bucket, Lease, Limit
from huntaze_scraper.rate_limiter.decisions import Forwarding
from huntaze_scraper.rate_limiter.places import Changed, WrittenMeanwhile
from huntaze_scraper.rate_limiter.turns import Arrived, Picked
from huntaze_scraper.rate_limiter.waiting import Waiting
from tests.unit.rate_limiter.memory import MemoryPlaces
from tests.unit.rate_limiter.simulation import invariants
from tests.unit.rate_limiter.simulation.options import CALM, SKEWED, Options
from tests.unit.rate_limiter.simulation.world import World
from tests.unit.rate_limiter.test_simulation import campaign_with_late_comers, message

pytestmark = pytest.mark.usefixtures("each_body_read_once")
HISTORIES = 20
TWICE = Options(duplicate_delivery=5, slow=0.1, clock_skew_seconds=0.5)
"""Messages in hand are delivered again."""


def a_history(seed: int, weather: Options, limit: Limit) -> None:
    """Bursts of a few accounts in the given weather, then calm to the end, then every invariant."""
    world = World(Random(seed), weather, limit=limit, concurrency=3)
    for number in range(40):
        world.produce(message(number % 3, number))
        world.run(0.002)
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
    invariants.check_line_is_empty(world)


def notices(weather: Options, limit: Limit | None = None) -> bool:
    """Tell whether one of some histories breaks an invariant."""
    for seed in range(HISTORIES):
        try:
            a_history(seed, weather, limit or Limit())
        except AssertionError:  # an invariant, or that it never ends
            return True
    return False


def test_right_as_it_is_nothing_is_noticed() -> None:
    """The same histories are whole with the limiter as it ships."""
    assert not notices(SKEWED)
    assert not notices(TWICE)


def test_no_margin_for_clocks_is_noticed() -> None:
    """Clocks half a second apart need the margin of half a second."""
    assert notices(SKEWED, Limit(margin_ms=0, slack_ms=0))


def counted_when_granted(patch: pytest.MonkeyPatch) -> None:
    """Trap 4: count a token as spent when it was granted, not when its message was sent."""

    def sent(bucket: Bucket, limit: Limit, lease: Lease, turn: Next, _sent_at: int) -> Bucket:
        return right(bucket, limit, lease, turn, lease.until - limit.lease_ms)

    right = Bucket.sent
    patch.setattr(Bucket, "sent", sent)


def written_without_a_condition(patch: pytest.MonkeyPatch) -> None:
    """Take tokens from a bucket that another invocation has changed."""
    write = MemoryPlaces.write

    def overwrite(store: MemoryPlaces, key: str, changed: Changed) -> Bucket:
        version = store.bucket(key).version
        return write(store, key, replace(changed, bucket=replace(changed.bucket, version=version)))

    patch.setattr(MemoryPlaces, "write", overwrite)


def sent_before_the_token_is_back(patch: pytest.MonkeyPatch) -> None:
    """Do not wait for the token that was granted ahead."""

    def at_once(arrived: Arrived, now: int, wait_until: int) -> Picked:
        return replace(right(arrived, now, wait_until), go_at=now)

    right = turns.pick
    patch.setattr(turns, "pick", at_once)


def deleted_while_it_waits(patch: pytest.MonkeyPatch) -> None:
    """Trap 1: a delayed message that is not reported is deleted, and the job's body is not in the line either."""
    patch.setattr(decisions, "HANDLED", frozenset(Forwarding) - {Forwarding.FAILED})
    patch.setattr(MemoryPlaces, "first", lambda *_: [])


def forgotten_once_forwarded(patch: pytest.MonkeyPatch) -> None:
    """Do not remember what was forwarded."""
    write = MemoryPlaces.write

    def forget(store: MemoryPlaces, key: str, changed: Changed) -> Bucket:
        places = {name: replace(it, forwarded_at=None, message_id="") for name, it in changed.places.items()}
        return write(store, key, replace(changed, places=places))

    patch.setattr(MemoryPlaces, "write", forget)


def not_tried_again_after_a_conflict(patch: pytest.MonkeyPatch) -> None:
    """Forward although the grant was not written."""
    write = MemoryPlaces.write

    def pretend(store: MemoryPlaces, key: str, changed: Changed) -> Bucket:
        try:
            return write(store, key, changed)
        except WrittenMeanwhile:
            return changed.bucket

    patch.setattr(MemoryPlaces, "write", pretend)


def sent_as_received(patch: pytest.MonkeyPatch) -> None:
    """Let the line stand in the order in which messages were received."""
    patch.setattr(Waiting, "order", property(lambda it: f"{it.number:015d}"))


@pytest.mark.parametrize(
    ("mistake", "weather"),
    [
        (counted_when_granted, SKEWED),
        (written_without_a_condition, SKEWED),
        (sent_before_the_token_is_back, TWICE),
        (deleted_while_it_waits, SKEWED),
        (sent_as_received, SKEWED),
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


def no_patience(patch: pytest.MonkeyPatch) -> None:
    """Do not wait in hand for a token that is soon back."""
    patch.setattr(limiter, "PATIENCE_MS", 0)


def no_vacant_slots(patch: pytest.MonkeyPatch) -> None:
    """Give slots of messages that are of no use any more to nobody."""
    patch.setattr(Bucket, "vacated", lambda bucket, _: bucket)


def nothing_caught_up(patch: pytest.MonkeyPatch) -> None:
    """Leave the tokens of slots that went by vacant where they are."""
    patch.setattr(Bucket, "missed", lambda *_: 0)


def no_accounts_held(patch: pytest.MonkeyPatch) -> None:
    """Send jobs of an account while another invocation does."""

    def pick(arrived: Arrived, now: int, wait_until: int) -> Picked:
        return right(replace(arrived, bucket=replace(arrived.bucket, held={})), now, wait_until)

    right = turns.pick
    patch.setattr(turns, "pick", pick)


def often_as_ever(patch: pytest.MonkeyPatch) -> None:
    """Wake the same message however often it was received."""
    patch.setattr(turns, "OFTEN", 1_000)


def figures(seed: int) -> tuple[float, int]:
    """Return the messages a minute and the most receives of a campaign of 1,000 beside late-comers."""
    world, _ = campaign_with_late_comers(seed, 1_000, lambda it: message(1 + it, 10_000 + it))
    moments = [it.sent_at / 60_000 for it in world.workflows.messages]
    return (len(moments) - 10) / (moments[-1] - moments[0]), max(world.ingress.receives.values())


@pytest.mark.gate
@pytest.mark.parametrize(
    "part",
    [no_patience, no_vacant_slots, nothing_caught_up, no_accounts_held, often_as_ever],
    ids=lambda it: it.__name__,
)
def test_each_part_of_the_limiter_is_missed_where_it_is_left_out(part: Callable[[pytest.MonkeyPatch], None]) -> None:
    """The limiter is as simple as its figures allow: 9.8 a minute, 8 receives at most."""
    with pytest.MonkeyPatch.context() as patch:
        part(patch)
        rate, most = figures(9)
    assert rate < 9.8 or most > 8, (rate, most)


@pytest.mark.gate
@pytest.mark.requirement("9.4")
def test_with_all_its_parts_the_limiter_keeps_its_figures() -> None:
    """The same campaign as above."""
    rate, most = figures(9)
    assert (rate >= 9.8, most <= 8) == (True, True), (rate, most)
