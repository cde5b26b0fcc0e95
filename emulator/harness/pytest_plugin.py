"""pytest fixtures over the harness, for this repository's tests and for others'.

In another repository: ``pytest_plugins = ["emulator.harness.pytest_plugin"]`` in its conftest.py.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence

import boto3
import pytest
from localprocs.vclock import AUTO, Clock, Speed, WallClock
from localprocs.vclock.clock import parse_speed
from localprocs.vclock.governor import PATIENCE_SECONDS

from emulator.harness import virtual_time
from emulator.harness.artefacts.witnesses import FRESH, RUNNING, HarnessWitness
from emulator.harness.clients import REGION, Clients
from emulator.harness.errors import HarnessError
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl

pytest_plugins = ["emulator.harness.artefacts.plugin"]
DEFAULT_SPEED: Speed = AUTO
_USERS = {"harness", "emulator", "site", "clock", "pipeline"}
"""The fixtures that use the session's harness."""
_BREAKPOINT = pytest.StashKey[contextlib.ExitStack]()


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


def pytest_enter_pdb(config: pytest.Config) -> None:
    """Let time stand while a person is at a breakpoint."""
    harness = config.stash.get(RUNNING, None)
    if harness is not None and _BREAKPOINT not in config.stash:
        config.stash[_BREAKPOINT] = contextlib.ExitStack()
        config.stash[_BREAKPOINT].enter_context(harness.clock.hold("a breakpoint"))


def pytest_leave_pdb(config: pytest.Config) -> None:
    """Let time go on."""
    if _BREAKPOINT in config.stash:
        config.stash[_BREAKPOINT].close()
        del config.stash[_BREAKPOINT]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Function) -> Iterator[None]:
    """Let the session's harness stand during tests that do not use it: years would go by, and cost their work."""
    harness = item.config.stash.get(RUNNING, None)
    if harness is None or _uses_harness(item):
        return (yield)
    with harness.clock.hold("a test without the harness"):
        return (yield)


def _uses_harness(item: pytest.Item) -> bool:
    found = getattr(item, "_fixtureinfo", None)
    return found is not None and any(_is_ours(found.name2fixturedefs.get(name, ()), name) for name in _USERS)


def _is_ours(definitions: Sequence[pytest.FixtureDef[object]], name: str) -> bool:
    """Tell whether a fixture is the one of here: a test's own may bear its name, and not ask for it."""
    for each in reversed(definitions):
        if each.func.__module__ == __name__:
            return True
        if name not in each.argnames:
            return False
    return False


def pytest_configure(config: pytest.Config) -> None:
    """Have the session tell how much virtual time it took."""
    config.pluginmanager.register(virtual_time)


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
