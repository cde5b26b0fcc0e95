"""The circuit breaker, as a value that is told the time."""

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import (
    HumanWanted,
    NoAnswer,
    OddPage,
    PageBroken,
    Refused,
    SignInAgain,
    SiteError,
    SlowDown,
    TryAgain,
    TryAgainLonger,
)
from huntaze_scraper.worker.circuit_breaker import (
    OPEN_SECONDS,
    THRESHOLD,
    CircuitBreaker,
    Leave,
    State,
    Verdict,
    verdict,
)

FAILS, WORKS, NOTHING = Verdict.FAILS, Verdict.WORKS, Verdict.NOTHING


def end(breaker: CircuitBreaker, about_site: Verdict, now: float, account: str = "a") -> None:
    leave = breaker.admit(account, now)
    assert leave is not None
    breaker.finished(leave, about_site, now)


def fail(breaker: CircuitBreaker, times: int, at: float = 0.0) -> None:
    for _, account in zip(range(times), cycle("abc"), strict=False):
        end(breaker, FAILS, at, account)


def opened(at: float = 0.0) -> CircuitBreaker:
    breaker = CircuitBreaker()
    fail(breaker, THRESHOLD, at)
    return breaker


@pytest.mark.requirement("7.4")
def test_opens_after_five_failures_in_a_row() -> None:
    """Four failures leave it closed, the fifth opens it."""
    breaker = CircuitBreaker()
    fail(breaker, 4)
    assert breaker.state(0) is State.CLOSED
    fail(breaker, 1)
    assert breaker.state(0) is State.OPEN
    assert breaker.admit("a", 0) is None


@pytest.mark.requirement("7.4")
def test_is_half_open_after_sixty_seconds() -> None:
    """It stays open for 60 s and not a moment longer."""
    breaker = opened(at=100)
    assert breaker.state(159.9) is State.OPEN
    assert breaker.wait_seconds(130) == pytest.approx(30)
    assert breaker.state(160) is State.HALF_OPEN
    assert breaker.wait_seconds(160) == 0


def test_a_success_in_between_starts_the_count_anew() -> None:
    """Only failures in a row open it."""
    breaker = CircuitBreaker()
    fail(breaker, 4)
    end(breaker, WORKS, 0)
    fail(breaker, 4)
    assert breaker.state(0) is State.CLOSED


def test_what_says_nothing_neither_counts_nor_ends_a_row() -> None:
    """Four failures, any number of odd pages, one failure: open."""
    breaker = CircuitBreaker()
    fail(breaker, 4)
    for _ in range(20):
        end(breaker, NOTHING, 0)
    assert breaker.state(0) is State.CLOSED
    end(breaker, FAILS, 0, "z")
    assert breaker.state(0) is State.OPEN


def test_one_accounts_failures_stop_nobody_else() -> None:
    """Its own group backs off by itself; with another account's failure among the last five it is the site."""
    breaker = CircuitBreaker()
    for _ in range(20):
        end(breaker, FAILS, 0, "a")
    assert breaker.state(0) is State.CLOSED
    end(breaker, FAILS, 0, "b")
    assert breaker.state(0) is State.OPEN


@pytest.mark.requirement("7.4")
def test_half_open_one_job_tries_and_its_end_decides() -> None:
    """Nobody else has leave meanwhile; success closes, failure opens for another 60 s."""
    breaker = opened()
    trial = breaker.admit("a", 60)
    assert trial is not None
    assert breaker.admit("b", 60) is None
    assert breaker.wait_seconds(60) > 0
    breaker.finished(trial, WORKS, 65)
    assert breaker.state(65) is State.CLOSED
    breaker = opened()
    end(breaker, FAILS, 61)
    assert breaker.state(120.9) is State.OPEN
    assert breaker.state(121) is State.HALF_OPEN


@pytest.mark.parametrize("gives_up", [True, False])
def test_a_trial_that_says_nothing_lets_the_next_one_try(gives_up: bool) -> None:
    """The job was a duplicate, its account is paused, its page was odd: the site is as unknown as before."""
    breaker = opened()
    trial = breaker.admit("a", 60)
    assert trial is not None
    if gives_up:
        breaker.gave_up(trial)
    else:
        breaker.finished(trial, NOTHING, 60)
    assert breaker.state(60) is State.HALF_OPEN
    end(breaker, WORKS, 60)
    assert breaker.state(60) is State.CLOSED


@pytest.mark.parametrize("about_site", [FAILS, WORKS])
def test_a_job_begun_before_it_opened_decides_nothing_afterwards(about_site: Verdict) -> None:
    """Its news is old: neither open, nor half open, nor closed again does it count."""
    breaker = CircuitBreaker()
    early = [breaker.admit("z", 0) for _ in range(THRESHOLD)]
    fail(breaker, THRESHOLD)
    for now, state in ((30, State.OPEN), (60, State.HALF_OPEN)):
        breaker.finished(early[0] or Leave("", 0), about_site, now)
        assert breaker.state(now) is state
    end(breaker, WORKS, 60)
    for leave in early:
        breaker.finished(leave or Leave("", 0), about_site, 61)
    fail(breaker, 4)
    assert breaker.state(61) is State.CLOSED


@pytest.mark.parametrize(
    ("error", "about_site"),
    [
        (None, WORKS),
        (TryAgain("x", status=503), FAILS),
        (TryAgainLonger("x"), FAILS),
        (NoAnswer("x"), FAILS),
        (SlowDown("x"), WORKS),
        (Refused("x", status=404), WORKS),
        (Refused("a rule of ours"), NOTHING),
        (SignInAgain("x", status=401), WORKS),
        (SignInAgain("no secret"), NOTHING),
        (HumanWanted("x", status=403), WORKS),
        (PageBroken("missing selector", status=200), NOTHING),
        (OddPage("a count that cannot be read"), NOTHING),
    ],
    ids=lambda each: each and str(each),
)
def test_only_what_the_site_answers_or_fails_to_answer_speaks_about_it(
    error: SiteError | None, about_site: Verdict
) -> None:
    """What concerns one page, one account or one job stops no other."""
    assert verdict(error) is about_site


def test_every_change_is_told_once() -> None:
    """The listener hears each transition with its two states."""
    heard: list[tuple[State, State]] = []
    breaker = CircuitBreaker(lambda before, after: heard.append((before, after)))
    fail(breaker, THRESHOLD)
    breaker.state(60)
    breaker.state(61)
    end(breaker, WORKS, 62)
    assert heard == [(State.CLOSED, State.OPEN), (State.OPEN, State.HALF_OPEN), (State.HALF_OPEN, State.CLOSED)]


STEPS = st.lists(
    st.tuples(st.sampled_from(["begin", *Verdict, "gives up"]), st.sampled_from("abc"), st.floats(0, 40)), max_size=80
)


@given(STEPS)
def test_whatever_runs_beside_each_other_one_trial_at_a_time_changes_a_breaker_that_is_not_closed(
    steps: list[tuple[str, str, float]],
) -> None:
    """Jobs begin and end in any order: open lets none begin, half open one, and no other's end moves it."""
    breaker, now = CircuitBreaker(), 0.0
    running: list[Leave] = []
    trial: Leave | None = None
    for step, account, passed in steps:
        now += passed
        before = breaker.state(now)
        if step == "begin":
            leave = breaker.admit(account, now)
            if before is State.OPEN or (before is State.HALF_OPEN and trial is not None):
                assert leave is None
            if leave is not None:
                running.append(leave)
                trial = leave if before is State.HALF_OPEN else None
        elif running:
            leave = running.pop(0)
            if step == "gives up":
                breaker.gave_up(leave)
            else:
                breaker.finished(leave, Verdict(step), now)
            if before is not State.CLOSED and leave is not trial:
                assert breaker.state(now) is before
            if leave is trial:
                trial = None
    assert breaker.wait_seconds(now) <= OPEN_SECONDS * (1 + 1e-9)  # in floats, (a + b) - a may be above b
    assert breaker.state(now + OPEN_SECONDS) is not State.OPEN
