"""What the limiter does with a batch, between its collaborators."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.queues.limits import FIFO_DEDUPLICATION_MS
from huntaze_scraper.rate_limiter.arrivals import Arrival
from huntaze_scraper.rate_limiter.bucket import Bucket, Limit
from huntaze_scraper.rate_limiter.decisions import Forwarding
from huntaze_scraper.rate_limiter.dispatch import Dispatch
from huntaze_scraper.rate_limiter.ingress import CannotSetAside
from huntaze_scraper.rate_limiter.limiter import (
    FIRST_BACKOFF_SECONDS,
    LONG_BACKOFF_SECONDS,
    LONG_OUTAGE_RECEIVES,
    LONGEST_BACKOFF_SECONDS,
    POISON_RECEIVES,
    Limiter,
    back_off_seconds,
)
from huntaze_scraper.rate_limiter.places import Changed, WrittenMeanwhile
from huntaze_scraper.rate_limiter.workflows_queue import Forward, Sent
from huntaze_scraper.state.keys import WORKFLOWS_BUCKET
from huntaze_scraper.state.slot import Place
from tests.unit.rate_limiter.memory import MemoryPlaces
from tests.unit.rate_limiter.records import NOT_JSON, arrival, payload, text

LIMIT = Limit()


class Clock:
    """Goes on by sleeping alone."""

    def __init__(self) -> None:
        self.moment = 1_700_000_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.moment

    def monotonic(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds


class Workflows:
    """Takes everything, unless told otherwise by job id."""

    def __init__(self) -> None:
        self.sent: list[Forward] = []
        self.refused: dict[str, str] = {}
        self.unknown: dict[str, str] = {}

    def send(self, forwards: Sequence[Forward], *, start_until: float) -> Sent:
        del start_until
        accepted = [it for it in forwards if it.job.job_id not in self.refused | self.unknown]
        self.sent.extend(accepted)
        ids = {it.job.job_id for it in forwards}
        return Sent(
            frozenset(it.job.job_id for it in accepted),
            {key: code for key, code in self.refused.items() if key in ids},
            {key: code for key, code in self.unknown.items() if key in ids},
        )


class Ingress:
    """Notes what is hidden and set aside."""

    def __init__(self) -> None:
        self.hidden: dict[str, int] = {}
        self.deleted: list[str] = []
        self.aside: list[tuple[str, str, str]] = []
        self.takes_no_more = False

    def hide(self, seconds: Mapping[str, int], arrivals: Sequence[Arrival]) -> None:
        del arrivals
        self.hidden.update(seconds)

    def delete(self, arrivals: Sequence[Arrival]) -> None:
        self.deleted.extend(it.message_id for it in arrivals)

    def set_aside(self, it: Arrival, *, reason: str, error_class: str) -> None:
        if self.takes_no_more:
            raise CannotSetAside("ReadTimeoutError")
        self.aside.append((it.message_id, reason, error_class))


class Store(MemoryPlaces):
    """In memory, with trouble."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = self.writes = 0
        self.lost_races = 0
        self.is_down = False
        self.fails_from_write = 10_000

    def read(self, key: str, job_ids: Collection[str]) -> tuple[Bucket, dict[str, Place]]:
        self.reads += 1
        if self.is_down:
            raise StoreUnavailable("down")
        return super().read(key, job_ids)

    def write(self, key: str, changed: Changed) -> Bucket:
        self.writes += 1
        if self.is_down or self.writes >= self.fails_from_write:
            raise StoreUnavailable("down")
        if self.lost_races:
            self.lost_races -= 1
            raise WrittenMeanwhile
        return super().write(key, changed)


class Bench:
    """A limiter and all that it works with."""

    def __init__(self) -> None:
        self.clock, self.workflows, self.ingress, self.store = Clock(), Workflows(), Ingress(), Store()
        self.closed_seconds = 0.0
        logger = Logger(service="test", level="CRITICAL")
        self.limiter = Limiter(
            dispatch=Dispatch(
                limit=LIMIT,
                places=self.store,
                workflows=self.workflows,
                clock=self.clock,
                jitter=lambda most: most / 2,
                logger=logger,
            ),
            bucket_of=lambda _: WORKFLOWS_BUCKET,
            opens_in=lambda: self.closed_seconds,
            ingress=self.ingress,
            clock=self.clock,
            logger=logger,
        )

    def take(self, *arrivals: Arrival, remaining: float = 30) -> list[Forwarding]:
        return [it.forwarding for it in self.limiter.take(arrivals, remaining)[: len(arrivals)]]

    @property
    def free(self) -> int:
        """How many tokens there are."""
        return self.store.bucket(WORKFLOWS_BUCKET).tokens.free(int(self.clock.moment * 1000))


@pytest.fixture
def bench() -> Bench:
    """A limiter with nothing done yet."""
    return Bench()


def messages(count: int, account: str | None = None, first: int = 0) -> list[Arrival]:
    """Distinct messages of as many accounts, or of one."""
    return [
        arrival(payload(creator_id=account or f"c{n}", message_content=str(n)), message_id=f"m{n}")
        for n in range(first, first + count)
    ]


@pytest.mark.requirement("1.1", "1.2", "1.3")
def test_a_batch_takes_its_turns_as_a_whole(bench: Bench) -> None:
    """One read, one write, one to settle what went; those that wait are hidden until their slots."""
    batch = messages(10)
    bench.take(*batch[:4])
    bench.store.reads = bench.store.writes = 0

    decided = bench.take(*messages(10, first=10))

    assert decided == [Forwarding.FORWARDED] * 6 + [Forwarding.DELAYED] * 4
    assert (bench.store.reads, bench.store.writes) == (1, 2)
    assert bench.ingress.hidden == dict.fromkeys(("m16", "m17", "m18", "m19"), 61)


def test_a_batch_larger_than_ten_is_taken_in_parts(bench: Bench) -> None:
    """A transaction has its limit, and so has a call to SQS."""
    decided = bench.take(*messages(25))

    assert decided == [Forwarding.FORWARDED] * 10 + [Forwarding.DELAYED] * 15


def test_on_its_second_receive_a_message_is_forwarded(bench: Bench) -> None:
    """And it was received twice, no more."""
    bench.take(*messages(10))
    late = messages(1, first=10)
    bench.take(*late)
    bench.clock.moment += 61

    assert bench.take(*late) == [Forwarding.FORWARDED]


@pytest.mark.requirement("1.3")
def test_a_message_that_was_hidden_for_less_than_its_wait_is_hidden_again(bench: Bench) -> None:
    """A hop of a longer wait, or a delivery too many: it comes back when a token does."""
    bench.take(*messages(10))
    late = messages(1, first=10)
    bench.take(*late)
    bench.clock.moment += 20

    assert bench.take(*late) == [Forwarding.DELAYED]
    assert bench.ingress.hidden["m10"] == 41


@pytest.mark.requirement("9.2")
def test_whichever_message_comes_back_the_job_that_was_sent_first_goes(bench: Bench) -> None:
    """Its own message is deleted where it sleeps; the other one sleeps on in its place."""
    bench.take(*messages(10))
    first, second = messages(2, account="creator", first=10)
    first = replace(first, sent_at=first.sent_at - 5)
    bench.take(second)
    bench.take(*messages(9, first=20))
    bench.take(first)
    bench.clock.moment += 61

    assert bench.take(second) == [Forwarding.DELAYED]
    assert bench.workflows.sent[-1].job.job_id == first.job().job_id
    assert bench.ingress.deleted == [first.message_id]
    assert bench.ingress.hidden[second.message_id] == 61

    bench.clock.moment += 61
    assert bench.take(second) == [Forwarding.FORWARDED]


@pytest.mark.requirement("9.2")
def test_two_messages_that_come_back_at_once_are_two_turns_whichever_is_received(bench: Bench) -> None:
    """Who takes the turn of one that is just coming, and will not come any more, has its token for its own job."""
    bench.take(*messages(10))
    first, second = messages(2, account="creator", first=10)
    bench.take(replace(first, sent_at=first.sent_at - 5), second)
    bench.clock.moment += 61

    assert bench.take(second) == [Forwarding.FORWARDED]
    assert [it.job.job_id for it in bench.workflows.sent[10:]] == [first.job().job_id, second.job().job_id]
    assert bench.ingress.deleted == [first.message_id]


@pytest.mark.requirement("9.1")
def test_while_the_scope_is_changed_nothing_passes(bench: Bench) -> None:
    """The messages come back when it is; none is taken into a line before."""
    bench.closed_seconds = 30.5

    assert bench.take(*messages(3)) == [Forwarding.DELAYED] * 3
    assert set(bench.ingress.hidden.values()) == {31}
    assert (bench.workflows.sent, bench.store.reads) == ([], 0)


@pytest.mark.requirement("9.3")
def test_an_urgent_job_goes_with_the_next_message_that_comes_back(bench: Bench) -> None:
    """Though its own message sleeps longer than all others."""
    bench.take(*messages(10))
    waiting = messages(10, account="creator", first=10)
    bench.take(*waiting)
    urgent = arrival(payload(creator_id="other", metadata={"priority": "high"}), message_id="urgent")
    assert bench.take(urgent) == [Forwarding.DELAYED]
    bench.clock.moment += 61

    bench.take(*waiting[:1])

    assert [it.arrival.message_id for it in bench.workflows.sent[10:]] == ["urgent"]


@pytest.mark.requirement("1.4")
def test_a_lost_race_is_run_again_with_jitter(bench: Bench) -> None:
    """Inside the invocation; the message does not notice."""
    bench.store.lost_races = 3

    assert bench.take(*messages(2)) == [Forwarding.FORWARDED] * 2
    assert bench.clock.slept == [0.025, 0.05, 0.1]


@pytest.mark.requirement("1.4")
def test_races_are_not_run_beyond_the_time_that_there_is(bench: Bench) -> None:
    """The messages come back after a back-off instead."""
    bench.store.lost_races = 10_000

    assert bench.take(*messages(2), remaining=10) == [Forwarding.FAILED] * 2
    assert sum(bench.clock.slept) < 2
    assert not bench.workflows.sent


@pytest.mark.requirement("1.1", "2.5")
def test_without_the_store_nothing_is_forwarded_and_everything_comes_back(bench: Bench) -> None:
    """Fail closed: the limit is never guessed."""
    bench.store.is_down = True

    assert bench.take(*messages(3)) == [Forwarding.FAILED] * 3
    assert not bench.workflows.sent
    assert bench.ingress.hidden == dict.fromkeys(("m0", "m1", "m2"), FIRST_BACKOFF_SECONDS)


def test_failures_come_back_later_each_time() -> None:
    """Doubled with each receive; soon enough to be recognised by the queue, and rarely in a long outage."""
    waits = [back_off_seconds(count) for count in range(1, 100)]

    assert waits[:6] == [5, 10, 20, 40, 80, 80]
    assert max(waits[: LONG_OUTAGE_RECEIVES - 1]) == LONG_BACKOFF_SECONDS
    assert waits[-1] == LONGEST_BACKOFF_SECONDS
    # A failed forward is repeated, with its token, well before the FIFO queue forgets the first.
    assert (LONG_BACKOFF_SECONDS * 1000 + LIMIT.return_ms + LIMIT.lease_ms) < FIFO_DEDUPLICATION_MS


@pytest.mark.requirement("2.5")
def test_a_message_that_the_queue_refused_comes_back_and_its_token_with_it(bench: Bench) -> None:
    """Its neighbours are not touched by it."""
    batch = messages(3)
    bench.workflows.refused = {batch[1].job().job_id: "InvalidMessageContents"}

    assert bench.take(*batch) == [Forwarding.FORWARDED, Forwarding.FAILED, Forwarding.FORWARDED]
    assert bench.ingress.hidden == {"m1": FIRST_BACKOFF_SECONDS}
    assert bench.free == 8


@pytest.mark.requirement("2.5")
def test_a_message_whose_sending_may_have_worked_keeps_its_token(bench: Bench) -> None:
    """It comes back and is sent again: the queue takes it once."""
    batch = messages(1)
    bench.workflows.unknown = {batch[0].job().job_id: "ReadTimeoutError"}

    assert bench.take(*batch) == [Forwarding.FAILED]
    assert bench.free == 9

    bench.workflows.unknown = {}
    bench.clock.moment += LIMIT.lease_ms / 1000
    assert bench.take(*batch) == [Forwarding.FORWARDED]
    assert bench.free == 8


def test_a_forward_that_could_not_be_noted_comes_back(bench: Bench) -> None:
    """So that a copy of it is recognised later; until then its token is held."""
    batch = messages(1)
    bench.store.fails_from_write = 2

    assert bench.take(*batch) == [Forwarding.FAILED]
    assert len(bench.workflows.sent) == 1

    bench.store.fails_from_write = 10_000
    bench.clock.moment += LIMIT.lease_ms / 1000
    assert bench.take(*batch) == [Forwarding.FORWARDED]
    assert bench.take(*batch) == [Forwarding.DUPLICATE]


def test_settling_a_forward_is_tried_again_after_a_lost_race(bench: Bench) -> None:
    """On what the winner left."""
    bench.take(*messages(1))
    write = bench.store.write
    races = iter([True])

    def race(key: str, changed: Changed) -> Bucket:
        if any(it.forwarded_at for it in changed.places.values()) and next(races, False):
            MemoryPlaces.write(bench.store, key, Changed(bench.store.bucket(key)))
        return write(key, changed)

    bench.store.write = race  # type: ignore[method-assign]

    assert bench.take(*messages(1, first=1)) == [Forwarding.FORWARDED]
    assert bench.take(*messages(1, first=1)) == [Forwarding.DUPLICATE]


@pytest.mark.requirement("2.2")
def test_copies_in_one_batch_are_sent_once_and_share_the_outcome(bench: Bench) -> None:
    """One turn a content."""
    batch = [arrival(message_id="first"), arrival(message_id="second"), *messages(1)]

    assert bench.take(*batch) == [Forwarding.FORWARDED] * 3
    assert len(bench.workflows.sent) == 2


@pytest.mark.requirement("2.2")
def test_a_replay_is_no_copy_of_what_comes_with_it(bench: Bench) -> None:
    """Whichever lies first in the batch: the job goes once more, and once."""
    bench.take(arrival())
    bench.clock.moment += FIFO_DEDUPLICATION_MS / 1000 + 1
    copy, replay = arrival(message_id="copy"), arrival(message_id="replay", attributes={"replay": text("again")})

    assert bench.take(copy, replay) == [Forwarding.FORWARDED] * 2
    assert len(bench.workflows.sent) == 2


def test_what_is_no_job_is_set_aside_and_holds_nothing_up(bench: Bench) -> None:
    """At once, with the reason; it costs no token."""
    batch = [arrival("{no job", message_id="bad"), *messages(2)]

    assert bench.take(*batch) == [Forwarding.SET_ASIDE, Forwarding.FORWARDED, Forwarding.FORWARDED]
    assert bench.ingress.aside == [("bad", NOT_JSON, "InvalidJob")]
    assert not bench.ingress.hidden


def test_what_cannot_be_set_aside_comes_back(bench: Bench) -> None:
    """It is not deleted before it lies elsewhere."""
    bench.ingress.takes_no_more = True

    assert bench.take(arrival("{no job")) == [Forwarding.FAILED]
    assert bench.ingress.hidden == {"message-1": FIRST_BACKOFF_SECONDS}


def test_a_message_that_breaks_the_limiter_is_set_aside_after_a_few_receives(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its neighbours go their way meanwhile."""
    read_job = Arrival.job

    def explode(it: Arrival) -> Any:
        if it.message_id == "poison":
            raise ZeroDivisionError
        return read_job(it)

    monkeypatch.setattr(Arrival, "job", explode)

    first = bench.take(arrival(message_id="poison"), *messages(1))
    last = bench.take(arrival(message_id="poison", receive_count=POISON_RECEIVES), *messages(1, first=1))

    assert first == [Forwarding.FAILED, Forwarding.FORWARDED]
    assert last == [Forwarding.SET_ASIDE, Forwarding.FORWARDED]
    assert bench.ingress.aside == [("poison", "not read: ZeroDivisionError", "ZeroDivisionError")]


@pytest.mark.requirement("2.1")
def test_a_message_waits_a_little_for_the_one_before_it(bench: Bench) -> None:
    """Another invocation has the account in hand: look again soon, then let this one come back."""
    [first, second] = messages(2, account="creator")
    bench.workflows.unknown = {first.job().job_id: "ReadTimeoutError"}
    bench.take(first)

    assert bench.take(second) == [Forwarding.BEHIND]
    assert 9 < sum(bench.clock.slept) <= 10
    assert bench.ingress.hidden["m1"] == 5
    assert not bench.workflows.sent


@pytest.mark.requirement("2.1")
def test_what_nobody_heard_of_again_is_sent_by_whoever_comes_next(bench: Bench) -> None:
    """And before what was sent after it, although its own message is not there."""
    [first, second] = messages(2, account="creator")
    bench.workflows.unknown = {first.job().job_id: "ReadTimeoutError"}
    bench.take(first)
    bench.take(second)
    bench.workflows.unknown = {}
    bench.clock.moment += LIMIT.lease_ms / 1000

    bench.take(second)

    assert [it.arrival.message_id for it in bench.workflows.sent] == ["m0", "m1"]
