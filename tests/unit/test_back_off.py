"""How long a job stays away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.back_off import (
    LONGEST_BACK_OFF_SECONDS,
    LONGEST_LIMIT_SECONDS,
    LONGEST_REST_SECONDS,
    LONGEST_STAND_BY_SECONDS,
    REST_SECONDS,
    SPREAD,
    TAKEN_AT_ITS_WORD,
    back_off_seconds,
    limit_seconds,
    most_receives,
    rest_seconds,
    spread,
    stand_by_seconds,
)


@pytest.mark.requirement("4.5")
def test_a_first_failure_keeps_a_job_away_for_a_minute() -> None:
    """Then two, four and eight."""
    assert [back_off_seconds(failures) for failures in range(1, 5)] == [60, 120, 240, 480]


@pytest.mark.requirement("4.5")
@given(st.integers(1, 10**6))
def test_back_off_doubles_up_to_twelve_hours(failures: int) -> None:
    """From a minute, never shrinking, never beyond what SQS takes."""
    seconds = back_off_seconds(failures)
    assert 60 <= seconds <= LONGEST_BACK_OFF_SECONDS == 43200
    following = back_off_seconds(failures + 1)
    assert following == min(seconds * 2, LONGEST_BACK_OFF_SECONDS)


@pytest.mark.requirement("9.6")
@given(st.integers(1, 1000))
def test_a_stand_by_grows_and_is_bounded(receives: int) -> None:
    """Seconds at first, a quarter of an hour at last."""
    assert 5 <= stand_by_seconds(receives) <= stand_by_seconds(receives + 1) <= LONGEST_STAND_BY_SECONDS == 900


@given(st.floats(0, 10**6), st.text())
def test_what_is_spread_comes_sooner_by_a_quarter_at_most(seconds: float, name: str) -> None:
    """Never later than it may, and the same for the same name."""
    assert seconds * (1 - SPREAD) <= spread(seconds, name) <= seconds
    assert spread(seconds, name) == spread(seconds, name)


@pytest.mark.requirement("7.1")
@given(st.floats(1, 43200), st.integers(1, 10**6))
def test_a_site_that_says_when_never_sees_us_before(asked: float, row: int) -> None:
    """At its word ten times, then later, up to an hour unless it asks for more itself."""
    seconds = limit_seconds(asked, row)
    assert seconds >= asked
    assert seconds == asked or (row > TAKEN_AT_ITS_WORD and 60 <= seconds <= LONGEST_LIMIT_SECONDS)
    assert limit_seconds(asked, row + 1) >= seconds


def test_receives_are_counted_from_the_first_at_once() -> None:
    """At 0, 10, 30, 70 s of the 71; the next would be at 150."""
    assert most_receives(lambda receives: 10 * 2.0 ** (receives - 1), 71) == 4


@given(st.just(0.0) | st.floats(60, 10**6), st.floats(-(10**6), 10**9))
def test_a_rest_grows_within_its_bounds_and_begins_anew_after_a_quiet_day(last: float, since: float) -> None:
    """A minute at least, an hour at most."""
    seconds = rest_seconds(last, since)
    assert REST_SECONDS <= seconds <= LONGEST_REST_SECONDS
    if since > 86400:
        assert seconds == REST_SECONDS
