"""Tests as the JUnit files of the checks tell them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from junitparser import JUnitXml, Properties, Skipped, TestCase

from emulator.harness.artefacts.plugin import PROPERTY, VIRTUAL_SECONDS


@dataclass(frozen=True)
class Test:
    """One test of one check."""

    name: str
    check: str
    seconds: float
    failure: str = ""
    skipped: str = ""
    """Why it was not run."""
    artefacts: Path | None = None
    """The folder with what it left behind when it failed."""
    virtual_seconds: float = 0.0

    @property
    def title(self) -> str:
        """Its name as the sentence that it is."""
        test, _, parameters = self.name.rpartition("::")[2].partition("[")
        sentence = test.removeprefix("test_").replace("_", " ")
        return f"{sentence} ({parameters.rstrip(']')})" if parameters else sentence

    @property
    def error(self) -> str:
        """The line of its failure that says what was wrong."""
        found = (line.removeprefix("E").strip() for line in self.failure.splitlines() if line.startswith("E  "))
        return next(found, "")


def tests(file: Path, check: str) -> list[Test]:
    """Read a check's file; no file, no tests."""
    if not file.exists():
        return []
    return [_test(case, check) for suite in JUnitXml.fromfile(str(file)) for case in suite]


def counts(found: Sequence[Test]) -> str:
    """Say how many failed, passed and were skipped, as pytest does; empty where there are none."""
    ends = Counter("failed" if it.failure else "skipped" if it.skipped else "passed" for it in found)
    return ", ".join(f"{ends[end]:,} {end}" for end in ("failed", "passed", "skipped") if ends[end])


def _test(case: TestCase, check: str) -> Test:
    told = {it.name: it.value for it in case.child(Properties) or ()}  # type: ignore[no-untyped-call]
    skipped = [it.message or "no reason given" for it in case.result if isinstance(it, Skipped)]
    return Test(
        f"{case.classname}::{case.name}",
        check,
        case.time or 0.0,
        "\n".join(it.text or it.message or "failed" for it in case.result if not isinstance(it, Skipped)),
        skipped=next(iter(skipped), ""),
        artefacts=Path(told[PROPERTY]) if PROPERTY in told else None,
        virtual_seconds=float(told.get(VIRTUAL_SECONDS, 0)),
    )
