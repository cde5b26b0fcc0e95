"""Tokens: no window holds more than there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.limit.rate import Limit, Tokens
from tests.invariants import worst_window


@pytest.mark.requirement("1.1", "9.1")
@given(
    capacity=st.integers(1, 12),
    pauses=st.lists(st.tuples(st.integers(0, 70_000), st.integers(0, 90_000)), max_size=60),
)
def test_no_window_holds_more_than_the_tokens(capacity: int, pauses: list[tuple[int, int]]) -> None:
    """However those who spend come, and however much later than their turn was taken they act, having told so."""
    limit = Limit(capacity)
    tokens, now, acts = Tokens.of(capacity), 1_000_000, []
    for pause, late in pauses:
        now = max(now + pause, tokens.at(0, limit))
        back_at = now + limit.return_ms
        tokens = tokens.spent(back_at)
        moved = tokens.moved(back_at, back_at + late)
        assert moved is not None
        tokens = moved
        acts.append(now + late)

    assert worst_window(it / 1000 for it in acts) <= capacity


@given(back_at=st.lists(st.integers(0, 100_000), max_size=15), capacity=st.integers(1, 15))
def test_another_capacity_forgets_no_token_that_is_still_away(back_at: list[int], capacity: int) -> None:
    """A limit that shrinks in the middle of a burst keeps the latest."""
    tokens = Tokens.of(capacity, tuple(back_at))

    assert len(tokens.back_at) == capacity
    assert [it for it in tokens.back_at if it] == [it for it in sorted(back_at)[-capacity:] if it]


def test_a_token_that_somebody_spent_since_cannot_be_moved() -> None:
    """Its turn is over."""
    tokens = Tokens.of(1).spent(5)

    assert tokens.spent(9).moved(5, 6) is None


def test_the_place_in_the_line_tells_when_there_is_a_token() -> None:
    """Each ahead takes one, and after a round they come back in the same order."""
    tokens, limit = Tokens.of(2).spent(10).spent(20), Limit(2, 60, 1)

    assert [tokens.at(place, limit) for place in range(5)] == [10, 20, 71, 81, 132]
