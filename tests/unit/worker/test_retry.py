"""Retries and back-off, as decisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import ErrorClass
from huntaze_scraper.worker.retry import Attempt, next_attempt


def course(error_class: ErrorClass) -> list[Attempt]:
    """Meet the same class again and again."""
    attempts: list[Attempt] = []
    while following := next_attempt([error_class] * (len(attempts) + 1)):
        attempts.append(following)
    return attempts


@pytest.mark.requirement("7.2")
def test_a_server_error_is_retried_after_1_2_and_4_seconds() -> None:
    """Three retries, then none."""
    assert [each.wait_seconds for each in course(ErrorClass.SERVER_ERROR)] == [1, 2, 4]


@pytest.mark.requirement("7.2")
def test_a_network_error_is_retried_with_30_60_and_120_seconds_of_patience() -> None:
    """Three retries at once, each with more time, then none."""
    assert [each.timeout_seconds for each in course(ErrorClass.NETWORK_ERROR)] == [30, 60, 120]
    assert {each.wait_seconds for each in course(ErrorClass.NETWORK_ERROR)} == {0}


@pytest.mark.parametrize("error_class", [ErrorClass.RATE_LIMIT, ErrorClass.CLIENT_ERROR, ErrorClass.CHALLENGE])
@pytest.mark.requirement("7.3")
def test_some_classes_are_never_retried(error_class: ErrorClass) -> None:
    """429, other 4xx and a challenge end the processing."""
    assert course(error_class) == []


def test_an_unknown_error_is_retried_once_in_a_new_browser() -> None:
    """One bounded retry."""
    assert [each.replace_browser for each in course(ErrorClass.UNKNOWN)] == [True]


def test_a_lost_session_is_signed_in_once() -> None:
    """A second 401 is a failure."""
    assert [each.sign_in for each in course(ErrorClass.AUTH)] == [True]


@given(st.lists(st.sampled_from(sorted(ErrorClass)), max_size=40))
def test_attempts_are_bounded_whatever_is_met(classes: list[ErrorClass]) -> None:
    """No order of classes gives more than the sum of all budgets."""
    met: list[ErrorClass] = []
    for error_class in classes:
        met.append(error_class)
        if next_attempt(met) is None:
            break
    else:
        assert len(met) <= 3 + 3 + 1 + 1
