"""pytest-playwright's fixtures as this project needs them: the system's Chromium, a browser a file, traces without secrets."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, Playwright, sync_playwright

from emulator.harness import places
from emulator.harness.artefacts.redaction import redact_folder
from emulator.harness.artefacts.witnesses import HarnessWitness
from emulator.harness.harness import Harness

PATIENCE_MS = 15_000
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright, for a file: while it is open, no other test of this process can run an event loop."""
    with sync_playwright() as opened:
        yield opened


@pytest.fixture(scope="module")
def browser_type(playwright: Playwright) -> BrowserType:
    """Chromium is what the scraper has, and what the pages are tried in."""
    return playwright.chromium


@pytest.fixture(scope="session")
def browser_name() -> str:
    """It is not chosen: see ``browser_type``."""
    return "chromium"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the Chromium that set-up chose; Playwright's own where it chose none."""
    path = os.environ.get("CHROMIUM_PATH") or places.chromium()
    return {**browser_type_launch_args, "args": FLAGS} | ({"executable_path": path} if path else {})


@pytest.fixture(scope="module")
def launch_browser(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Callable[..., Browser]:
    """Start browsers; without any a test fails in CI, and skips at home."""
    path = browser_type_launch_args.get("executable_path") or browser_type.executable_path
    if not Path(path).exists():
        if os.environ.get("CI"):
            pytest.fail("no Chromium: set CHROMIUM_PATH or run `playwright install --only-shell chromium`")
        pytest.skip("no Chromium here")
    return lambda **options: browser_type.launch(**{**browser_type_launch_args, **options})


@pytest.fixture(scope="module")
def browser(launch_browser: Callable[..., Browser]) -> Iterator[Browser]:
    """One browser a file."""
    running = launch_browser()
    yield running
    running.close()


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    """Pages begin as wide as a desk's."""
    return {"viewport": {"width": 1280, "height": 900}}


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page; an error in its scripts fails the test."""
    context.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    assert errors == []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Rewrite what ``--tracing`` kept of a test without the secrets that it met, before the next test begins."""
    secrets: list[str] = []
    item.stash[_SECRETS] = secrets
    result = yield
    if item.config.getoption("--tracing", "off") != "off":
        redact_folder(Path(item.config.getoption("--output")).absolute(), secrets)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Ask for the secrets while those who know them are there."""
    if item.config.getoption("--tracing", "off") == "off" or _SECRETS not in item.stash:
        return
    for fixture in getattr(item, "funcargs", {}).values():
        if isinstance(fixture, Harness):
            item.stash[_SECRETS].extend(HarnessWitness(fixture).secrets())
        elif passwords := getattr(getattr(fixture, "site", None), "passwords", None):
            item.stash[_SECRETS].extend(passwords.values())


_SECRETS: "pytest.StashKey[list[str]]" = pytest.StashKey()
