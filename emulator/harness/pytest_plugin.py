"""pytest fixtures over the harness, for this repository's tests and for others'.

In another repository: ``pytest_plugins = ["emulator.harness.pytest_plugin"]`` in its conftest.py.
"""

import time
from collections.abc import Iterator

import boto3
import pytest

from emulator.harness.artefacts.witnesses import RUNNING
from emulator.harness.clients import REGION, Clients
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from emulator.vclock import Clock, WallClock

pytest_plugins = ["emulator.harness.artefacts.plugin"]
DEFAULT_SPEED = 10.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the harness's options."""
    group = parser.getgroup("huntaze")
    group.addoption(
        "--backend",
        choices=("emulator", "aws"),
        default="emulator",
        help="aws: contract tests speak to the account of the session's credentials, and wait in real time",
    )
    group.addoption("--speed", type=float, default=DEFAULT_SPEED, help="virtual seconds a real second")


@pytest.fixture(scope="session")
def harness(pytestconfig: pytest.Config) -> Iterator[Harness]:
    """Everything, up for the whole session, on a virtual clock."""
    if _is_on_aws(pytestconfig):
        pytest.skip("only on the emulator")
    with Harness(Options(speed=pytestconfig.getoption("--speed"))) as running:
        pytestconfig.stash[RUNNING] = running
        yield running


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Clients:
    """boto3 clients for the emulated cloud, with an administrator's credentials; with ``--backend aws`` for AWS."""
    if _is_on_aws(request.config):
        session = boto3.Session()
        return Clients(None, session.region_name or REGION, session)
    harness: Harness = request.getfixturevalue("harness")
    return harness.clients


@pytest.fixture
def site(harness: Harness) -> SiteControl:
    """The fake site's controls; its messages, faults and limits are reset."""
    control = SiteControl(harness.run.site_url)
    control.reset()
    return control


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> Iterator[Clock | WallClock]:
    """The clock of every process; speed and pause are put back after the test. On AWS, a jump is a wait."""
    if _is_on_aws(request.config):
        yield PatientClock()
        return
    harness: Harness = request.getfixturevalue("harness")
    if isinstance(harness.clock, WallClock):
        pytest.skip("this machine cannot have a virtual clock")
    yield harness.clock
    harness.clock.resume()
    harness.clock.set_speed(request.config.getoption("--speed"))


@pytest.fixture
def pipeline(harness: Harness, site: SiteControl) -> Pipeline:
    """The pipeline, with empty queues and no memory of earlier jobs; the site is reset, too."""
    del site  # its reset is part of a fresh start
    fresh = Pipeline(harness.run)
    fresh.forget()
    return fresh


class PatientClock(WallClock):
    """Time on AWS: it cannot be sped up, so a jump is a wait."""

    def set_speed(self, speed: float) -> None:
        """Leave time as it is."""

    def jump(self, seconds: float) -> None:
        """Wait so many seconds."""
        time.sleep(seconds)


def _is_on_aws(config: pytest.Config) -> bool:
    return bool(config.getoption("--backend") == "aws")
