"""Keeps artefacts of each failing test, and says in its failure message where they lie."""

import re
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from _pytest._code.code import ExceptionRepr

from emulator.harness import places
from emulator.harness.artefacts.redaction import BUNDLE_PREFIX, redact_folder
from emulator.harness.artefacts.witnesses import FRESH, RUNNING, HarnessWitness, Witness, uses_harness
from emulator.harness.harness import Harness

PROPERTY, VIRTUAL_SECONDS = "artefacts", "virtual_seconds"
"""Names of properties in a test's JUnit case."""
_BEGUN: "pytest.StashKey[list[HarnessWitness]]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for where they are kept."""
    group = parser.getgroup("huntaze")
    group.addoption("--artefacts", metavar="FOLDER", help="where to keep what failing tests leave behind")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Note where a test begins: before its fixtures, for what is looked at may have been done by one of them."""
    before = [HarnessWitness.from_now(it) for it in _harnesses(item)]
    try:
        return (yield)
    finally:
        known = {id(it.harness): it for it in before or item.config.stash.get(FRESH, [])}
        item.stash[_BEGUN] = [known.get(id(it)) or HarnessWitness.from_now(it) for it in _harnesses(item)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what a failing test's witnesses have to tell, before its fixtures are gone."""
    report = yield
    if report.when == "call" and (began := item.stash.get(_BEGUN, None)):
        item.user_properties.append((VIRTUAL_SECONDS, f"{sum(it.seconds() for it in began):.0f}"))
    if report.failed and report.when in ("setup", "call"):
        witnesses = list(_witnesses(item))
        if witnesses:
            folder = _folder(item.config) / name_of(item.nodeid)
            try:
                keep(witnesses, folder)
                item.user_properties.append((PROPERTY, str(folder)))
                told = str(folder)
            except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - it must not hide the test's own failure
                logs = item.config.stash[RUNNING].logs if RUNNING in item.config.stash else "none"
                told = f"none could be kept: {type(error).__name__}: {error}; the harness's own logs: {logs}"
            if isinstance(report.longrepr, ExceptionRepr):
                report.longrepr.addsection("artefacts", told)
                for bundle in sorted(folder.glob(f"{BUNDLE_PREFIX}*.zip")):
                    report.longrepr.addsection("at your desk", f"./huntaze incident replay {bundle}")
    return report


def keep(witnesses: list[Witness], folder: Path) -> Path:
    """Write what the witnesses tell to the folder, in place of what is there; no secret ever lies in it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="huntaze-artefacts-") as scratch:
        told = Path(scratch)
        secrets: list[str] = []
        for witness in witnesses:
            secrets += witness.keep_artefacts(told)
        redact_folder(told, secrets)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(told, folder)
    return folder


def name_of(nodeid: str) -> str:
    """Return the name of a test's folder."""
    return re.sub(r"[^\w.-]+", "_", nodeid.rpartition("/")[2].replace(".py::", ".")).strip("_")[:120]


def _witnesses(item: pytest.Item) -> Iterator[Witness]:
    yield from item.stash.get(_BEGUN, None) or map(HarnessWitness, _harnesses(item))
    for fixture in getattr(item, "funcargs", {}).values():
        if hasattr(fixture, "keep_artefacts"):
            yield fixture


def _harnesses(item: pytest.Item) -> Iterator[Harness]:
    """Tell the session's harness, where the test uses it, and those of fixtures of the test's own."""
    session = item.config.stash.get(RUNNING, None)
    if session is not None and uses_harness(item):
        yield session
    own = getattr(item, "funcargs", {}).values()
    yield from (it for it in own if isinstance(it, Harness) and it is not session)


def _folder(config: pytest.Config) -> Path:
    return Path(config.getoption("--artefacts") or places.state_directory() / "failures").absolute()
