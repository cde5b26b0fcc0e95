"""pytest fixtures that come with the package: a cloud for the session, its clock, the stacks of an app."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from localprocs.host.assembly import Place
from localprocs.host.cloud import Cloud, place_of
from localprocs.host.run_file import UNWANTED_VARIABLES
from localprocs.host.standing import Standing, uses
from localprocs.vclock import AUTO, Clock, WallClock
from localprocs.vclock.clock import parse_speed

_RUNNING = pytest.StashKey[Cloud]()
_USERS = {"cloud", "clock", "stack", "checkpoint"}
"""The fixtures that use the session's cloud."""


class Deployed(dict[str, str]):
    """An app that is deployed: its stacks' outputs by name, and clients where it went."""

    def __init__(self, outputs: Mapping[str, str], cloud: Cloud, place: Place) -> None:
        """Hold the outputs."""
        super().__init__(outputs)
        self._cloud, self._place = cloud, place

    def client(self, service: str) -> Any:
        """Return boto3's client of a service in the app's account and region."""
        return self._cloud.client(service, self._place)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the cloud's option."""
    parser.getgroup("localprocs").addoption(
        "--cloud-speed",
        type=parse_speed,
        default=AUTO,
        help="virtual seconds a real second of the fixtures' cloud; auto: time leaps whenever nobody works",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let the cloud stand at breakpoints, and during tests that do not use it."""

    def clock() -> Clock | WallClock | None:
        running = config.stash.get(_RUNNING, None)
        return None if running is None else running.clock

    config.pluginmanager.register(Standing(clock, lambda item: uses(item, _USERS, __name__)))


@pytest.fixture(scope="session")
def cloud(pytestconfig: pytest.Config) -> Iterator[Cloud]:
    """An emulated AWS for the session; boto3 in this process, and what it starts, is led there by the environment."""
    with Cloud(speed=pytestconfig.getoption("--cloud-speed")) as running, pytest.MonkeyPatch.context() as environment:
        for name in UNWANTED_VARIABLES:
            environment.delenv(name, raising=False)
        for name, value in running.run.variables.items():
            environment.setenv(name, value)
        pytestconfig.stash[_RUNNING] = running
        yield running
        del pytestconfig.stash[_RUNNING]


@pytest.fixture
def clock(cloud: Cloud, pytestconfig: pytest.Config) -> Iterator[Clock]:
    """The cloud's clock; speed and pause are put back after the test. Skips where a machine cannot have one."""
    if isinstance(cloud.clock, WallClock):
        pytest.skip("this machine cannot have a virtual clock")
    yield cloud.clock
    cloud.clock.resume()
    cloud.clock.set_speed(pytestconfig.getoption("--cloud-speed"))


@pytest.fixture(scope="session")
def stack(cloud: Cloud) -> Callable[..., Deployed]:
    """Deploys the folder that ``cdk synth`` wrote, or a template, once a session: ``stack("cdk.out", Name="value")``."""
    known: dict[tuple[Path, frozenset[tuple[str, str]]], Deployed] = {}

    def deploy(app: str | Path, **parameters: str) -> Deployed:
        key = (Path(app).resolve(), frozenset(parameters.items()))
        if key not in known:
            known[key] = Deployed(cloud.deploy(key[0], parameters), cloud, place_of(key[0]))
        return known[key]

    return deploy


@pytest.fixture
def checkpoint(cloud: Cloud) -> Iterator[Callable[[], Callable[[], None]]]:
    """``checkpoint()`` notes all that the cloud holds; the test's end puts it back, and so does what it returns, sooner."""
    made: list[Callable[[], None]] = []

    def note() -> Callable[[], None]:
        made.append(cloud.checkpoint())
        return made[-1]

    yield note
    if made:
        made[0]()
