"""pytest fixtures over the harness, for this repository's tests and for others'.

In another repository: ``pytest_plugins = ["emulator.harness.pytest_plugin"]`` in its conftest.py.
"""

from collections.abc import Iterator

import pytest

from emulator.harness.clients import Clients
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from emulator.vclock import Clock, WallClock

DEFAULT_SPEED = 10.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the harness's options."""
    group = parser.getgroup("huntaze")
    group.addoption("--speed", type=float, default=DEFAULT_SPEED, help="virtual seconds a real second")


@pytest.fixture(scope="session")
def harness(pytestconfig: pytest.Config) -> Iterator[Harness]:
    """Everything, up for the whole session, on a virtual clock."""
    with Harness(Options(speed=pytestconfig.getoption("--speed"))) as running:
        yield running


@pytest.fixture
def emulator(harness: Harness) -> Clients:
    """boto3 clients for the emulated cloud, with an administrator's credentials."""
    return harness.clients


@pytest.fixture
def site(harness: Harness) -> SiteControl:
    """The fake site's controls; its messages, faults and limits are reset."""
    control = SiteControl(harness.run.site_url)
    control.reset()
    return control


@pytest.fixture
def clock(harness: Harness, pytestconfig: pytest.Config) -> Iterator[Clock]:
    """The clock of every process; speed and pause are put back after the test."""
    if isinstance(harness.clock, WallClock):
        pytest.skip("this machine cannot have a virtual clock")
    yield harness.clock
    harness.clock.resume()
    harness.clock.set_speed(pytestconfig.getoption("--speed"))


@pytest.fixture
def pipeline(harness: Harness, site: SiteControl) -> Pipeline:
    """The pipeline, with empty queues and no memory of earlier jobs; the site is reset, too."""
    del site  # its reset is part of a fresh start
    fresh = Pipeline(harness.run)
    fresh.forget()
    return fresh
