"""A running site, fresh for each test, on a clock that the test turns."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from turned_clock import TurnedClock
from visitor import Visitor

import fake_onlyfans
from emulator.harness import places
from fake_onlyfans import Account, RunningSite

BROWSER_PATIENCE_MS = 15_000


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    path = os.environ.get("CHROMIUM_PATH") or places.chromium()
    # Not for the session: while it is open, no other test of this process can run an event loop.
    with sync_playwright() as playwright:
        if not path and not os.path.exists(playwright.chromium.executable_path):  # noqa: PTH110 a text by contract
            if os.environ.get("CI"):
                pytest.fail("no Chromium: set CHROMIUM_PATH or run `playwright install --only-shell chromium`")
            pytest.skip("no Chromium here")
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        running = playwright.chromium.launch(executable_path=path, args=flags)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own context; an error in the site's scripts fails the test."""
    context = browser.new_context()
    context.set_default_timeout(BROWSER_PATIENCE_MS)
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []
