"""The bucket: tokens that come back a window after they were spent, slots that lie a window apart."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huntaze_scraper.rate_limiter.token_bucket import Bucket, Limit, Token

LIMIT = Limit()
NOW = 1_700_000_000_000


def test_a_new_bucket_is_full() -> None:
    """Nothing was taken from it yet."""
    assert Bucket.full(10).free(NOW) == 10


def test_the_first_ten_slots_are_now_and_the_next_ten_a_spacing_later() -> None:
    """The n-th message comes back a spacing after the one ten places before it."""
    bucket = Bucket.full(10)
    slots = []
    for _ in range(25):
        slots.append(bucket.next_slot(LIMIT, NOW))
        bucket = bucket.with_slot(slots[-1])

    assert slots == [NOW] * 10 + [NOW + LIMIT.spacing_ms] * 10 + [NOW + 2 * LIMIT.spacing_ms] * 5


def test_slots_lie_further_apart_than_tokens_need() -> None:
    """Window, margin for clocks, slack: 60 + 2 + 2 s."""
    assert LIMIT.return_ms == 62_000
    assert LIMIT.spacing_ms == 64_000


def test_a_token_is_back_a_window_and_the_margin_after_it_was_really_spent() -> None:
    """Not after it was granted: lateness pushes the next one back."""
    bucket = Bucket((Token(NOW + 100_000, "job", NOW),), (NOW,))

    spent = bucket.spent(LIMIT, "job", NOW + 7_000)

    assert spent.tokens == (Token(NOW + 7_000 + LIMIT.return_ms),)


def test_a_send_that_outlived_its_lease_takes_the_next_token() -> None:
    """What was sent counts, even if another job has its token by now."""
    bucket = Bucket((Token(NOW + 90_000, "other", NOW), Token(NOW - 5)), (NOW, NOW))

    assert bucket.spent(LIMIT, "job", NOW).tokens == (Token(NOW + 90_000, "other", NOW), Token(NOW + LIMIT.return_ms))


def test_a_token_that_was_certainly_not_spent_is_free_at_once() -> None:
    """A refused message costs nothing."""
    bucket = Bucket((Token(NOW + 90_000, "job", NOW),), (NOW,))

    assert bucket.returned(LIMIT, "job").free(NOW) == 1
    assert bucket.returned(LIMIT, "another") == bucket


def test_an_urgent_job_takes_a_token_from_one_that_can_wait() -> None:
    """But never from one that may be spending it."""
    booked = Token(NOW + 80_000, "patient", NOW + 8_000, gives_way=True)
    in_use = Token(NOW + 72_000, "sender", NOW)
    bucket = Bucket((booked, in_use), (NOW, NOW))

    assert bucket.first_to_book(LIMIT, NOW, is_urgent=False) == in_use
    assert bucket.first_to_book(LIMIT, NOW, is_urgent=True) == booked
    assert bucket.first(is_urgent=True) == booked
    assert bucket.first() == in_use


def test_a_token_whose_holder_never_came_is_free_again_after_the_lease() -> None:
    """A crash costs a window, not a token."""
    bucket = Bucket((Token(NOW, "dead", NOW - 72_000),), (NOW,))

    assert bucket.free(NOW) == 1
    assert bucket.first_to_book(LIMIT, NOW, is_urgent=False) == Token(NOW, "dead", NOW - 72_000)


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_token_goes_to_the_one_that_waits_for_it_when_its_holder_is_done(is_sent: bool) -> None:
    """A window after it was spent, or at once where it was not."""
    token = Token(NOW + 82_000, "first", NOW, next_holder="second")
    bucket = Bucket((token,), (NOW,))

    passed = bucket.spent(LIMIT, "first", NOW + 500) if is_sent else bucket.returned(LIMIT, "first")

    moment = NOW + 500 + LIMIT.return_ms if is_sent else NOW
    assert passed.held_by("second") == Token(
        moment + LIMIT.lease_ms + LIMIT.return_ms, "second", moment, gives_way=True
    )
    assert bucket.promised_to("second") == token
    assert bucket.first_to_book(LIMIT, NOW, is_urgent=False) is None


def test_a_promised_token_goes_on_when_its_holder_never_came_back() -> None:
    """After the lease; nobody else may take it before."""
    bucket = Bucket((Token(NOW, "dead", NOW - 82_000, next_holder="second"),), (NOW,))

    assert bucket.first().usable_at(is_urgent=False) > NOW
    assert bucket.up_to_date(LIMIT, NOW - 1) == bucket
    assert bucket.up_to_date(LIMIT, NOW).held_by("second")


def test_a_token_is_expected_back_from_all_who_wait_for_it() -> None:
    """Settled: known. Held: as if its holder were just sending. Promised: another window later."""
    assert Token(NOW + 5).expected_at(LIMIT, NOW) == NOW + 5
    assert Token(NOW + 82_000, "a", NOW).expected_at(LIMIT, NOW) == NOW + LIMIT.spacing_ms
    assert Token(NOW + 82_000, "a", NOW, next_holder="b").expected_at(LIMIT, NOW) == NOW + 2 * LIMIT.spacing_ms


@pytest.mark.parametrize("capacity", [1, 10, 15])
def test_a_bucket_follows_a_changed_capacity(capacity: int) -> None:
    """Shrinking keeps the latest tokens and slots, so that no window gets too many."""
    bucket = Bucket(tuple(Token(NOW + n) for n in range(10)), tuple(NOW + n for n in range(10)))

    resized = bucket.resized(capacity)

    assert len(resized.tokens) == len(resized.slots) == capacity
    assert set(resized.slots) >= {NOW + n for n in range(max(0, 10 - capacity), 10)}
    assert {token.back_at for token in resized.tokens} >= {NOW + n for n in range(max(0, 10 - capacity), 10)}


@pytest.mark.requirement("1.1")
@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 9_000)), min_size=1, max_size=80))
def test_however_late_each_token_is_spent_no_window_holds_more_than_ten(steps: list[tuple[int, int]]) -> None:
    """Take the first token as soon as it is back, spend it some time later: ten in any 60 s."""
    bucket, now, sent = Bucket.full(LIMIT.capacity), NOW, list[int]()
    for number, (pause, lateness) in enumerate(steps):
        now = max(now + pause, bucket.first().back_at)
        bucket = bucket.exchanged(bucket.first(), Token(now + LIMIT.lease_ms + LIMIT.return_ms, str(number), now))
        bucket = bucket.spent(LIMIT, str(number), now + lateness)
        sent.append(now + lateness)

    assert all(sum(start <= moment < start + LIMIT.window_ms for moment in sent) <= 10 for start in sent)
