"""Whose turn it is: tables of what a batch is told, given what is stored."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huntaze_scraper.queues.limits import FIFO_DEDUPLICATION_MS
from huntaze_scraper.rate_limiter.token_bucket import Bucket, Limit, Token
from huntaze_scraper.rate_limiter.turns import (
    EARLY_MS,
    ORDER_PATIENCE_MS,
    STUCK_MS,
    Asked,
    Line,
    State,
    Turns,
    decide,
    settle,
)
from huntaze_scraper.state.slot import Reservation

LIMIT = Limit()
NOW = 1_700_000_000_000
PATIENCE_MS = 10_000


def ask(state: State, *asked: Asked, now: int = NOW) -> Turns:
    """Decide with the usual limit and patience."""
    return decide(LIMIT, state, asked, now=now, wait_until=now + PATIENCE_MS)


def job(number: int, account: str = "creator", sent_at: int = NOW) -> Asked:
    """A job that asks."""
    return Asked(f"job-{number}", account, sent_at)


def full() -> State:
    """Nothing happened yet."""
    return State(Bucket.full(10))


def all_spent(back_at: int = NOW + 50_000) -> Bucket:
    """Every token is away."""
    return Bucket((Token(back_at),) * 10, (back_at - LIMIT.return_ms,) * 10)


def after(state: State, turns: Turns) -> State:
    """The state with what was decided."""
    assert turns.changed
    return state.updated(turns.changed)


@pytest.mark.requirement("1.1", "1.2")
def test_ten_of_a_batch_of_twelve_go_and_two_wait_for_the_next_window() -> None:
    """One decision reserves for all of them."""
    turns = ask(full(), *(job(number, f"c{number}") for number in range(12)))

    assert list(turns.grants) == [f"job-{number}" for number in range(10)]
    assert turns.delayed == {"job-10": NOW + LIMIT.spacing_ms, "job-11": NOW + LIMIT.spacing_ms}
    assert [grant.tokens_remaining for grant in turns.grants.values()] == list(range(9, -1, -1))


@pytest.mark.requirement("1.1")
@settings(deadline=None, derandomize=True)
@given(st.permutations(range(15)))
def test_slots_follow_the_time_of_sending_whatever_the_order_of_the_batch(order: list[int]) -> None:
    """Earlier SentTimestamp, earlier slot, and earlier number in the account's line."""
    turns = ask(full(), *(job(number, sent_at=NOW - 1000 + number) for number in order))

    assert turns.changed
    places = [turns.changed.reservations[f"job-{number}"] for number in range(15)]
    assert [place.number for place in places] == list(range(1, 16))
    assert [place.slot_at for place in places] == sorted(place.slot_at for place in places)


def test_a_message_that_waits_finds_its_slot_and_takes_no_other() -> None:
    """Asking again, early, changes nothing."""
    state = State(all_spent(), {"job-1": Reservation("creator", 1, NOW + 40_000)}, {"creator": Line(last=1)})

    turns = ask(state, job(1))

    assert turns.delayed == {"job-1": NOW + 40_000}
    assert turns.changed is None


def test_a_message_whose_slot_is_due_goes() -> None:
    """The second receive is the last."""
    bucket = Bucket((Token(NOW - 1),) * 10, (NOW,) * 10)
    state = State(bucket, {"job-1": Reservation("creator", 1, NOW)}, {"creator": Line(last=1)})

    turns = ask(state, job(1))

    assert "job-1" in turns.grants
    assert turns.go_at == NOW


def test_a_message_whose_token_is_nearly_back_waits_for_it_in_the_invocation() -> None:
    """A few seconds of waiting are cheaper than another receive; all of the batch go together then."""
    tokens = (Token(NOW - 1),) * 9 + (Token(NOW + 4_000),)
    reservations = {f"job-{n}": Reservation(f"c{n}", 1, NOW) for n in range(10)}
    state = State(Bucket(tokens, (NOW,) * 10), reservations)

    turns = ask(state, *(job(n, f"c{n}") for n in range(10)))

    assert len(turns.grants) == 10
    assert turns.go_at == NOW + 4_000


def test_a_new_message_does_not_wait_in_the_invocation() -> None:
    """It gets its slot and is hidden (requirement 1.3)."""
    turns = ask(State(all_spent(NOW + 4_000)), job(1))

    assert turns.delayed == {"job-1": NOW + 4_000 + LIMIT.slack_ms}


def test_a_granted_token_is_held_until_the_end_of_its_lease() -> None:
    """Whoever dies over it has spent it by then at the latest."""
    state = full()
    changed = after(state, ask(state, job(1)))

    token = changed.bucket.held_by("job-1")

    assert token == Token(NOW + LIMIT.lease_ms + LIMIT.return_ms, "job-1", NOW)


def test_a_message_that_comes_again_before_its_answer_uses_its_own_token() -> None:
    """Delivered twice, or failed for no known reason: one token is enough for both."""
    state = full()
    state = after(state, ask(state, job(1)))

    turns = ask(state, job(1), now=NOW + 5_000)

    assert turns.grants["job-1"].may_be_a_repeat
    assert after(state, turns).bucket.free(NOW + 5_000) == 9


def test_a_holder_does_not_spend_its_token_before_it_is_back() -> None:
    """Also when its message is delivered again while the first invocation waits for the token."""
    token = Token(NOW + 90_000, "job-1", NOW + 8_000)
    state = State(Bucket((token,) * 10, (NOW,) * 10), {"job-1": Reservation("creator", 1, NOW, NOW)})

    assert ask(state, job(1)).go_at == NOW + 8_000


def test_a_late_message_without_a_token_books_the_next_one() -> None:
    """Coming late does not mean losing again: nobody else gets that token, and it comes a little before it."""
    state = State(all_spent(), {"job-1": Reservation("creator", 1, NOW - 60_000)}, {"creator": Line(last=1)})

    turns = ask(state, job(1))
    state = after(state, turns)

    assert turns.delayed == {"job-1": NOW + 50_000 - EARLY_MS}
    assert len([token for token in state.bucket.tokens if token.back_at <= NOW + 50_000]) == 9
    assert "job-1" in ask(state, job(1), now=NOW + 50_000).grants


def test_a_late_message_that_finds_all_tokens_in_hand_is_promised_one() -> None:
    """And gets it when its holder has spent it, although others come before it."""
    held = tuple(Token(NOW + 82_000, f"other-{n}", NOW) for n in range(10))
    places = {"job-1": Reservation("creator", 1, NOW - 60_000), "other-0": Reservation("c", 1, NOW, NOW)}
    state = State(Bucket(held, (NOW,) * 10), places, {"creator": Line(last=1)})

    turns = ask(state, job(1))
    state = after(state, turns)
    again = ask(state, job(1), now=NOW + 1_000)
    settled = state.updated(settle(LIMIT, state, sent={"other-0": NOW + 2_000}, unsent=[]))
    back_at = NOW + 2_000 + LIMIT.return_ms

    assert turns.delayed == {"job-1": NOW + LIMIT.spacing_ms - EARLY_MS}
    assert again.delayed == {"job-1": NOW + 1_000 + LIMIT.spacing_ms - EARLY_MS}
    assert again.changed is None
    newcomer = ask(settled, job(2, "another"), now=back_at)
    assert not newcomer.grants
    assert "job-1" in ask(settled, job(1), now=back_at).grants


def test_a_promised_message_takes_a_token_that_is_free_sooner() -> None:
    """And gives the promise back."""
    held = tuple(Token(NOW + 82_000, f"other-{n}", NOW) for n in range(9))
    promised = replace(held[0], next_holder="job-1")
    state = State(Bucket((promised, *held[1:], Token(NOW)), (NOW,) * 10), {"job-1": Reservation("creator", 1, NOW)})

    turns = ask(state, job(1))

    assert "job-1" in turns.grants
    assert after(state, turns).bucket.promised_to("job-1") is None


def test_a_late_message_beyond_all_promises_comes_back_when_a_token_is_expected() -> None:
    """It takes nothing from those that were before it."""
    held = tuple(Token(NOW + 82_000, f"other-{n}", NOW, next_holder=f"next-{n}") for n in range(10))
    state = State(Bucket(held, (NOW,) * 10), {"job-1": Reservation("creator", 1, NOW - 60_000)})

    turns = ask(state, job(1))

    assert turns.delayed == {"job-1": NOW + 2 * LIMIT.spacing_ms - EARLY_MS}
    assert turns.changed is None


def test_what_may_be_on_the_queue_already_goes_before_those_that_can_wait() -> None:
    """It has to be sent again while the queue would still know it: five minutes."""
    booked = tuple(Token(NOW + 100_000, f"other-{n}", NOW + 30_000, gives_way=True) for n in range(10))
    reservation = Reservation("creator", 1, NOW - 200_000, granted_at=NOW - 190_000)
    state = State(Bucket(booked, (NOW,) * 10), {"job-1": reservation}, {"creator": Line(last=1)})

    turns = ask(state, job(1))
    state = after(state, turns)

    assert turns.delayed == {"job-1": NOW + 30_000 - EARLY_MS}
    own = state.bucket.held_by("job-1")
    assert own
    assert not own.gives_way
    assert "job-1" in ask(state, job(1), now=NOW + 30_000).grants


@pytest.mark.requirement("2.1")
def test_a_message_does_not_overtake_an_earlier_one_of_its_account() -> None:
    """The one before it was granted elsewhere, and may still fail."""
    state = full()
    state = after(state, ask(state, job(1)))

    turns = ask(state, job(2), job(3), job(4, "another"))

    assert turns.behind == {"job-2": 1, "job-3": 2}
    assert list(turns.grants) == ["job-4"]


@pytest.mark.requirement("2.1")
def test_an_accounts_messages_of_one_batch_go_together_in_their_order() -> None:
    """Those that have a place go before those that come first."""
    places = {"job-2": Reservation("creator", 2, NOW), "job-1": Reservation("creator", 1, NOW)}
    state = State(Bucket.full(10), places, {"creator": Line(last=2)})

    assert list(ask(state, job(3), job(2), job(1)).grants) == ["job-1", "job-2", "job-3"]


def test_an_accounts_waiting_messages_come_back_one_after_another() -> None:
    """A step apart, so that the queue hands them out in order."""
    turns = ask(State(all_spent()), job(1), job(2), job(3, "another"))

    first = turns.delayed["job-1"]
    assert turns.delayed["job-2"] == first + LIMIT.step_ms
    assert turns.delayed["job-3"] == first


def test_a_line_that_is_stuck_goes_on_after_a_while_without_what_is_missing() -> None:
    """A purged message must not hold its account up for ever; the count begins when the line is seen to stand."""
    line = Line(last=3, gone=0, last_slot=NOW, moved_at=0)
    state = State(Bucket.full(10), {"job-3": Reservation("creator", 3, NOW)}, {"creator": line})

    at_once = ask(state, job(3))
    noted_at = NOW + STUCK_MS + 1
    noted = ask(state, job(3), now=noted_at)
    stuck = after(state, noted)
    later = ask(stuck, job(3), now=noted_at + ORDER_PATIENCE_MS)
    at_last = ask(stuck, job(3), now=noted_at + ORDER_PATIENCE_MS + 1)

    assert at_once.behind == noted.behind == later.behind == {"job-3": 2}
    assert at_once.changed is None
    assert "job-3" in at_last.grants
    assert after(stuck, at_last).lines["creator"].gone == 2


def test_a_line_whose_place_is_no_longer_known_holds_nobody_up() -> None:
    """Lines expire long after their last use."""
    state = State(Bucket.full(10), {"job-7": Reservation("creator", 7, NOW)})

    assert "job-7" in ask(state, job(7)).grants


@pytest.mark.requirement("2.2")
def test_a_copy_of_what_was_forwarded_is_done() -> None:
    """However late it comes, and it takes neither slot nor token."""
    reservation = Reservation("creator", 1, NOW - 900_000, NOW - 900_000, NOW - 890_000)

    turns = ask(State(Bucket.full(10), {"job-1": reservation}), job(1))

    assert turns.done == {"job-1"}
    assert turns.changed is None


def test_a_message_sent_again_on_purpose_goes_again() -> None:
    """But not while the queue would drop it, which would lose it."""
    again = replace(job(1), is_replay=True)
    soon = Reservation("creator", 1, NOW, NOW, NOW - FIFO_DEDUPLICATION_MS)
    late = Reservation("creator", 1, NOW, NOW, NOW - FIFO_DEDUPLICATION_MS - 1)

    assert ask(State(Bucket.full(10), {"job-1": soon}), again).done == {"job-1"}
    assert "job-1" in ask(State(Bucket.full(10), {"job-1": late}), again).grants


def test_a_slot_given_by_a_clock_that_is_ahead_is_taken_as_due() -> None:
    """Clocks may differ by 2 s; the token decides."""
    bucket = Bucket((Token(0),) * 10, (NOW - LIMIT.spacing_ms + 1_500,) * 10)

    assert "job-1" in ask(State(bucket), job(1)).grants


def test_settling_notes_when_each_message_went_and_moves_its_line() -> None:
    """A copy finds it, the next of its account follows it, its token comes back in time."""
    state = full()
    state = after(state, ask(state, job(1), job(2)))

    settled = settle(LIMIT, state, sent={"job-1": NOW + 300}, unsent=["job-2"])

    assert settled.reservations["job-1"].forwarded_at == NOW + 300
    assert settled.reservations["job-2"].granted_at is None
    assert settled.lines["creator"] == Line(last=2, gone=1, last_slot=NOW, moved_at=NOW + 300)
    assert settled.bucket.free(NOW) == 9
    assert settled.bucket.free(NOW + 300 + LIMIT.return_ms) == 10


def test_settling_twice_takes_no_second_token() -> None:
    """Two invocations had the same message in hand, and both sent it: the queue has it once."""
    state = full()
    state = after(state, ask(state, job(1)))
    state = state.updated(settle(LIMIT, state, sent={"job-1": NOW + 300}, unsent=[]))

    again = settle(LIMIT, state, sent={"job-1": NOW + 400}, unsent=[])

    assert again.bucket.free(NOW + 400) == 9
