"""What tests share: the scraper's fake site with a browser, or with the worker's process and its AWS; the console."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from emulator.console.web.server import console_over
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline
from emulator.harness.run_file import Run
from tests.integration.console_page import PATIENCE_MS, OpenPage
from tests.integration.scraper_office import Office, World, world
from tests.integration.scraper_task import Cloud, services

LONGEST = [
    "saved_cloud",
    "command_line",
    "console",
    "console_jobs",
    "console_breaking",
    "incident_capture",
    "infra_in_operation",
    "operations",
    "ecs_services",
    "ecs_tasks",
    "tick_storm",
    "limit_at_site",
    "artefacts",
    "rate_limiting",
    "error_handling",
    "alarms_scaling",
    "onlyfans_scraper_e2e",
    "alarms_states",
    "scraper_task",
    "scraper_signed_out",
    "scraper_goes_on",
    "scraper_failures",
    "scraper_sign_in",
    "scraper_reads",
]
"""Files that take the most time, in that order; where files run side by side, none of them must begin last."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; xdist would begin with those of the most tests."""
    places = {f"test_{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(scope="module")
def place() -> Iterator[World]:
    """A browser and a loop, for a file of tests."""
    with world() as opened:
        yield opened


@pytest.fixture
def new_office(place: World) -> Office:
    """Nobody has signed in yet."""
    return place.office()


@pytest.fixture
def office(new_office: Office) -> Office:
    """The account is signed in."""
    new_office.sign_in(new_office.account)
    return new_office


@pytest.fixture(scope="session")
def fresh() -> Iterator[Callable[[], Cloud]]:
    """The AWS and the site of all tests; what is returned empties both."""
    with services() as fresh:
        yield fresh


@pytest.fixture
def cloud(fresh: Callable[[], Cloud]) -> Iterator[Cloud]:
    """An empty AWS and site; the tasks that a test starts there end with it."""
    cloud = fresh()
    yield cloud
    cloud.close()


@pytest.fixture(scope="module")
def console(harness: Harness) -> Iterator[Run]:
    """The console over the session's harness."""
    with console_over(harness.run) as run:
        yield run


@pytest.fixture
def open_page(page: Page, console: Run, pipeline: Pipeline) -> OpenPage:
    """Opens a page of the console, over an empty pipeline."""
    del pipeline  # it was emptied
    page.set_default_timeout(PATIENCE_MS)

    def opened(path: str) -> Page:
        page.goto(console.console_url.rstrip("/") + path)
        return page

    return opened
