"""pytest fixtures over the harness, for this repository's tests and for others'.

In another repository: ``pytest_plugins = ["emulator.harness.pytest_plugin"]`` in its conftest.py.
"""

import contextlib
import os
import time
from collections.abc import Iterator

import boto3
import pytest
from localprocs.host.standing import Standing
from localprocs.vclock import AUTO, Clock, Speed, WallClock
from localprocs.vclock.clock import parse_speed
from localprocs.vclock.governor import PATIENCE_SECONDS

from emulator.harness import virtual_time
from emulator.harness.artefacts.witnesses import FRESH, RUNNING, HarnessWitness, uses_harness
from emulator.harness.clients import REGION, Clients
from emulator.harness.errors import HarnessError
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl

pytest_plugins = ["emulator.harness.artefacts.plugin"]
DEFAULT_SPEED: Speed = AUTO


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the harness's options."""
    group = parser.getgroup("huntaze")
    group.addoption(
        "--backend",
        choices=("emulator", "containers", "aws"),
        default="emulator",
        help="containers: the emulator, the site and the tasks run in a Docker engine; "
        "aws: contract tests speak to the account of the session's credentials, and wait in real time",
    )
    group.addoption(
        "--speed",
        type=parse_speed,
        default=DEFAULT_SPEED,
        help="virtual seconds a real second; auto: time leaps whenever nobody works",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Have the session tell how much virtual time it took, and let the harness stand where nobody uses it."""

    def clock() -> Clock | WallClock | None:
        running = config.stash.get(RUNNING, None)
        return None if running is None else running.clock

    config.pluginmanager.register(virtual_time)
    config.pluginmanager.register(Standing(clock, uses_harness))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the images before any test's time runs."""
    if _is_in_containers(session.config) and session.items and not session.config.option.collectonly:
        from emulator.harness import containers  # noqa: PLC0415 - only this backend needs an engine's client

        with contextlib.suppress(HarnessError):  # the first test that needs them says why not
            containers.engine().close()
            containers.build_images()


@pytest.fixture(scope="session")
def harness(pytestconfig: pytest.Config) -> Iterator[Harness]:
    """Everything, up for the whole session, on a virtual clock."""
    if _is_on_aws(pytestconfig):
        pytest.skip("only on the emulator")
    in_containers = _is_in_containers(pytestconfig)
    if in_containers:
        _require_engine()
    speed = pytestconfig.getoption("--speed")
    with Harness(Options(speed=speed, in_containers=in_containers, traced=True)) as running:
        pytestconfig.stash[RUNNING] = running
        pytestconfig.stash[FRESH] = [HarnessWitness.from_now(running)]
        begun = running.clock.monotonic()
        yield running
        virtual_time.add(pytestconfig, running.clock, begun)


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
    Pipeline(harness.run).await_health()  # a jump is longer than a Chromium may take to start
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

    def set_speed(self, speed: Speed) -> None:
        """Leave time as it is."""

    def settle(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Leave it to whoever looks to look again: what AWS is at is not to be seen."""

    def advance(self, seconds: float, patience_seconds: float = PATIENCE_SECONDS) -> None:  # noqa: ARG002 - as Clock's
        """Wait so many seconds."""
        time.sleep(seconds)

    def jump(self, seconds: float) -> None:
        """Wait so many seconds."""
        time.sleep(seconds)


def _require_engine() -> None:
    from emulator.harness import containers  # noqa: PLC0415 - only this backend needs an engine's client

    try:
        containers.engine().close()
    except HarnessError as error:
        if os.environ.get("HUNTAZE_ENGINE_PROMISED"):
            raise
        pytest.skip(str(error))


def _is_in_containers(config: pytest.Config) -> bool:
    return bool(config.getoption("--backend") == "containers")


def _is_on_aws(config: pytest.Config) -> bool:
    return bool(config.getoption("--backend") == "aws")
