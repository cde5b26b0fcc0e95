"""The circuit breaker, as a value that is told the time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import ErrorClass
from huntaze_scraper.worker.circuit_breaker import FAILURES, OPEN_SECONDS, THRESHOLD, CircuitBreaker, State

FAILED = ErrorClass.SERVER_ERROR


def opened(at: float = 0.0) -> CircuitBreaker:
    breaker = CircuitBreaker()
    for _ in range(THRESHOLD):
        breaker.finished(FAILED, at)
    return breaker


@pytest.mark.requirement("7.4")
def test_opens_after_five_failures_in_a_row() -> None:
    """Four failures leave it closed, the fifth opens it."""
    breaker = CircuitBreaker()
    for _ in range(4):
        breaker.finished(FAILED, 0)
    assert breaker.state(0) is State.CLOSED
    breaker.finished(FAILED, 0)
    assert breaker.state(0) is State.OPEN


@pytest.mark.requirement("7.4")
def test_is_half_open_after_sixty_seconds() -> None:
    """It stays open for 60 s and not a moment longer."""
    breaker = opened(at=100)
    assert breaker.state(159.9) is State.OPEN
    assert breaker.seconds_until_half_open(130) == pytest.approx(30)
    assert breaker.state(160) is State.HALF_OPEN
    assert breaker.seconds_until_half_open(160) == 0


def test_a_success_in_between_starts_the_count_anew() -> None:
    """Only failures in a row open it."""
    breaker = CircuitBreaker()
    for error_class in [FAILED] * 4 + [None] + [FAILED] * 4:
        breaker.finished(error_class, 0)
    assert breaker.state(0) is State.CLOSED


def test_the_trial_decides_a_half_open_breaker() -> None:
    """Success closes it; failure opens it for another 60 s."""
    breaker = opened()
    breaker.finished(None, 60)
    assert breaker.state(60) is State.CLOSED
    breaker = opened()
    assert breaker.state(60) is State.HALF_OPEN
    breaker.finished(FAILED, 61)
    assert breaker.state(120.9) is State.OPEN
    assert breaker.state(121) is State.HALF_OPEN


@pytest.mark.parametrize("error_class", sorted(set(ErrorClass) - FAILURES))
def test_an_answer_of_the_site_is_no_failure_of_the_site(error_class: ErrorClass) -> None:
    """What concerns one account or one job does not stop the others."""
    breaker = CircuitBreaker()
    for _ in range(20):
        breaker.finished(error_class, 0)
    assert breaker.state(0) is State.CLOSED


def test_every_change_is_told_once() -> None:
    """The listener hears each transition with its two states."""
    heard: list[tuple[State, State]] = []
    breaker = CircuitBreaker(lambda before, after: heard.append((before, after)))
    for _ in range(THRESHOLD):
        breaker.finished(FAILED, 0)
    breaker.state(60)
    breaker.state(61)
    breaker.finished(None, 62)
    assert heard == [(State.CLOSED, State.OPEN), (State.OPEN, State.HALF_OPEN), (State.HALF_OPEN, State.CLOSED)]


@given(st.lists(st.tuples(st.sampled_from([None, *ErrorClass]), st.floats(0, 100))))
def test_is_never_open_longer_than_its_time(history: list[tuple[ErrorClass | None, float]]) -> None:
    """Whatever happened, after 60 quiet seconds it lets a trial through."""
    breaker, now = CircuitBreaker(), 0.0
    for error_class, passed in history:
        now += passed
        breaker.finished(error_class, now)
    assert breaker.seconds_until_half_open(now) <= OPEN_SECONDS * (1 + 1e-9)  # in floats, (a + b) - a may be above b
    assert breaker.state(now + OPEN_SECONDS) is not State.OPEN


@pytest.mark.requirement("7.4")
def test_tells_no_time_while_it_is_not_open() -> None:
    """Closed and half open, work may begin at once."""
    assert CircuitBreaker().seconds_until_half_open(-1000.0) == 0
    breaker = opened(at=100)
    assert breaker.seconds_until_half_open(100 + OPEN_SECONDS) == 0


@pytest.mark.requirement("7.4")
def test_counts_from_nothing_once_it_has_closed() -> None:
    """Five failures in a row are needed again, not four."""
    breaker = opened(at=0)
    assert breaker.state(OPEN_SECONDS) is State.HALF_OPEN
    breaker.finished(None, OPEN_SECONDS)
    for _ in range(THRESHOLD - 1):
        breaker.finished(FAILED, OPEN_SECONDS)
    assert breaker.state(OPEN_SECONDS) is State.CLOSED
    breaker.finished(FAILED, OPEN_SECONDS)
    assert breaker.state(OPEN_SECONDS) is State.OPEN


@pytest.mark.requirement("7.4")
def test_a_failure_that_ends_after_its_time_is_one_of_the_half_open_breaker() -> None:
    """It opens again at once, for as long again, from that moment."""
    breaker = opened(at=0)
    breaker.finished(FAILED, OPEN_SECONDS + 5)
    assert breaker.seconds_until_half_open(OPEN_SECONDS + 5) == pytest.approx(OPEN_SECONDS)
