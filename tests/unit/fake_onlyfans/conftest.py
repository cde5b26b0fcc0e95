"""A running site, fresh for each test, on a clock that the test turns."""

from collections.abc import Iterator

import pytest
from turned_clock import TurnedClock
from visitor import Visitor

import fake_onlyfans
from fake_onlyfans import Account, RunningSite


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[RunningSite, TurnedClock]]:
    """One site for all tests."""
    clock = TurnedClock()
    with fake_onlyfans.running(now=clock) as running:
        yield running, clock


@pytest.fixture
def fake(served: tuple[RunningSite, TurnedClock]) -> RunningSite:
    """The site of the default seed, as if just started."""
    running, clock = served
    clock.ahead = 0.0
    running.site.reset()
    return running


@pytest.fixture
def site_clock(served: tuple[RunningSite, TurnedClock]) -> TurnedClock:
    """The clock of the site."""
    return served[1]


@pytest.fixture
def account() -> Account:
    """A creator without a second factor."""
    return fake_onlyfans.accounts()[0]


@pytest.fixture
def visitor(fake: RunningSite) -> Iterator[Visitor]:
    """Somebody who is not signed in."""
    with Visitor(fake) as visitor:
        yield visitor


@pytest.fixture
def creator(visitor: Visitor, account: Account) -> Visitor:
    """The visitor, signed in as the account."""
    return visitor.sign_in(account)
