"""Whose turn it is, decided without I/O."""

from dataclasses import replace
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.jobs import Priority
from huntaze_scraper.limit.line import Line, Next
from huntaze_scraper.limit.rate import Tokens
from huntaze_scraper.queues.limits import FIFO_DEDUPLICATION_MS
from huntaze_scraper.rate_limiter.bucket import Bucket, Limit
from huntaze_scraper.rate_limiter.turns import IDLE_MS, OFTEN, TOGETHER_MS, Asked, arrive, corrected, pick, wakings
from huntaze_scraper.state.slot import Place

LIMIT = Limit()
NOW = 1_700_000_000_000
FULL = Bucket.read({}, LIMIT.capacity)
NORMAL = Priority.NORMAL


def asked(number: int, *, account: str = "ann", sent_at: int = NOW, is_replay: bool = False) -> Asked:
    return Asked(f"job-{number}", account, NORMAL, sent_at, f"m{number}", is_replay)


def place(number: int, *, forwarded_at: int | None = None, message_id: str = "") -> Place:
    return Place("ann", NOW, 0, NORMAL, NOW, message_id or f"m{number}", forwarded_at)


@pytest.mark.requirement("1.1")
def test_the_eleventh_message_has_its_slot_a_window_after_the_first() -> None:
    """And the slack, so that lateness is caught up with."""
    arrived = arrive(LIMIT, FULL, {}, [asked(number) for number in range(12)], NOW)

    slots = [it.slot_at - NOW for it in arrived.new.values()]
    assert slots == [0] * 10 + [LIMIT.spacing_ms] * 2


@pytest.mark.requirement("9.2")
def test_what_was_sent_first_joins_first_and_what_was_received_first_of_the_same_moment() -> None:
    """Whatever the order in which a batch brings them."""
    batch = [asked(1, sent_at=NOW), asked(2, sent_at=NOW - 1), asked(3, sent_at=NOW)]

    arrived = arrive(LIMIT, FULL, {}, batch, NOW)

    assert list(arrived.new) == ["job-2", "job-1", "job-3"]
    assert [it.number for it in arrived.new.values()] == [0, 1, 2]


@pytest.mark.requirement("2.2")
def test_copies_and_replays_are_told_apart() -> None:
    """A copy of what has gone is dropped; a replay goes anew once the queue itself would take it again."""
    late = NOW + FIFO_DEDUPLICATION_MS + 1
    gone = {"job-1": place(1, forwarded_at=NOW)}

    assert arrive(LIMIT, FULL, gone, [asked(1)], late).done == {"job-1"}
    assert arrive(LIMIT, FULL, gone, [asked(1, is_replay=True)], NOW + 1).done == {"job-1"}
    assert list(arrive(LIMIT, FULL, gone, [asked(1, is_replay=True)], late).new) == ["job-1"]
    assert arrive(LIMIT, FULL, {"job-1": place(1)}, [asked(1, is_replay=True)], late).woken == {"job-1"}


def test_a_place_of_a_version_without_a_line_is_none() -> None:
    """The job joins the line when its message comes back."""
    old = replace(place(1), message_id="")

    assert list(arrive(LIMIT, FULL, {"job-1": old}, [asked(1)], NOW).new) == ["job-1"]


def test_a_job_that_was_counted_in_another_scope_is_counted_here() -> None:
    """When its message comes back."""
    arrived = arrive(LIMIT, FULL, {"job-1": place(1)}, [asked(1)], NOW)

    assert arrived.bucket.line.waiting(NORMAL, "ann") == 1


@given(back=st.lists(st.integers(-90_000, 90_000), min_size=10, max_size=10), came=st.integers(1, 10))
def test_each_message_that_comes_back_has_one_turn_while_there_are_tokens(back: list[int], came: int) -> None:
    """It waits for the next one in hand, for ten seconds at most; only what lies idle is anybody's."""
    bucket = replace(FULL, tokens=Tokens.of(10, tuple(NOW + it for it in back)), line=Line().joined(NORMAL, "ann", 50))
    places = {f"job-{number}": place(number) for number in range(came)}
    arrived = arrive(LIMIT, bucket, places, [asked(number) for number in range(came)], NOW)

    picked = pick(arrived, NOW, NOW + 10_000)

    idle = sum(it <= -IDLE_MS for it in back)
    first = max(0, min(back))
    soon = sum(it <= first + TOGETHER_MS for it in back) if first <= 10_000 else 0
    assert len(picked.turns) == max(idle, min(came, soon))
    assert picked.looks_again == (len(picked.turns) < min(came, sum(it <= 10_000 for it in back)))
    assert NOW <= picked.go_at <= NOW + 10_000 + TOGETHER_MS


def test_accounts_in_other_hands_are_passed_over() -> None:
    """And where only they wait, there is something to wait for."""
    line = Line().joined(NORMAL, "ann", 2).joined(NORMAL, "bob")
    bucket = replace(FULL, line=line, held={"ann": NOW + 1})
    arrived = arrive(LIMIT, bucket, {"job-1": place(1), "job-2": place(2)}, [asked(1), asked(2)], NOW)

    picked = pick(arrived, NOW, NOW)

    assert (picked.turns, picked.looks_again) == ([Next(NORMAL, "bob")], True)
    assert len(pick(arrived, NOW + 1, NOW + 1).turns) == 3


def test_messages_that_woke_for_others_come_at_the_slots_of_these() -> None:
    """Those that found no token come with the next one that is soon back, or at a slot behind all others."""
    tokens = (NOW + 5_000, NOW + 6_000, *[NOW + 50_000] * 8)
    bucket = replace(FULL, tokens=Tokens.of(10, tokens), slots=(NOW,) * 10).vacated([NOW + 90_000, NOW + 70_000])

    after, moments = wakings(LIMIT, bucket, [2, 2], 2, NOW, stay=False)
    assert (moments, after.vacant) == ([NOW + 70_000, NOW + 90_000], ())
    _, moments = wakings(LIMIT, bucket, [2, 2, 2], 1, NOW, stay=False)
    assert moments == [NOW + 70_000, NOW + 6_000, NOW + 90_000]
    _, moments = wakings(LIMIT, bucket, [2, OFTEN], 2, NOW, stay=False)
    assert moments == [NOW + 70_000, NOW + LIMIT.spacing_ms]
    _, moments = wakings(LIMIT, bucket, [2, 2], 1, NOW, stay=True)
    assert moments == [NOW + 70_000, NOW]


def test_a_slot_that_went_by_vacant_gives_its_turn_to_whoever_comes() -> None:
    """Its message was deleted just before it came."""
    bucket = replace(FULL, line=Line().joined(NORMAL, "ann", 5)).vacated([NOW - 1, NOW - 1, NOW + 70_000])
    arrived = arrive(LIMIT, bucket, {"job-1": place(1)}, [asked(1)], NOW)
    # No token has lain idle.
    arrived = replace(arrived, bucket=replace(arrived.bucket, tokens=Tokens.of(10, (NOW,) * 10)))

    picked = pick(arrived, NOW, NOW)

    assert (len(picked.turns), picked.caught_up) == (3, 2)
    assert bucket.caught_up(2).vacant == (NOW + 70_000,)


def test_each_token_is_taken_when_it_is_back_and_the_messages_stay_for_the_next() -> None:
    """Were all to wait for the last one, each window would be later than the one before."""
    back = (NOW, NOW + 2_000, *[NOW + 60_000] * 8)
    bucket = replace(FULL, tokens=Tokens.of(10, back), line=Line().joined(NORMAL, "ann", 2))
    arrived = arrive(LIMIT, bucket, {f"job-{it}": place(it) for it in (1, 2)}, [asked(1), asked(2)], NOW)

    picked = pick(arrived, NOW, NOW + 10_000)

    assert (len(picked.turns), picked.go_at, picked.looks_again) == (1, NOW, True)


@given(
    waiting=st.lists(st.sampled_from(list(Priority)), min_size=1, max_size=40),
    shares=st.lists(st.integers(1, 10), min_size=20, max_size=40),
)
def test_each_priority_that_waits_has_one_in_ten_of_the_turns_given_whoever_gives_them(
    waiting: list[Priority], shares: list[int]
) -> None:
    """Invocations that are sending at the same time know of each other's turns: none of these is noted as had yet."""
    line = Line()
    for number, priority in enumerate([*waiting, *[Priority.HIGH] * 200]):
        line = line.joined(priority, f"{priority}-{number}")
    bucket, given = replace(FULL, line=line), list[Next]()
    for share in shares:
        held = {turn.account for turn in given}
        turns = list(islice(bucket.line.order(held), min(share, 200 - len(given))))
        bucket, _ = bucket.granted(LIMIT, turns, NOW)
        given += turns
    for priority in set(waiting):
        count = waiting.count(priority)
        places = [place for place, turn in enumerate(given) if turn.priority is priority]
        for before, after in pairwise([-1, *places[:count]]):
            assert after - before <= 10


def test_a_line_that_counts_more_than_there_is_is_put_right() -> None:
    """So that nobody waits for a job that is not there."""
    line = Line().joined(NORMAL, "ann", 5)

    assert corrected(line, Next(NORMAL, "ann"), 2).waiting(NORMAL, "ann") == 2
    assert corrected(line, Next(NORMAL, "ann"), 0).next() is None
