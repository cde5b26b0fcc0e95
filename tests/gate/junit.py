"""Tests as the JUnit files of the checks tell them."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

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
    return [_test(case, check) for case in ET.parse(file).iter("testcase")]


def _test(case: ET.Element, check: str) -> Test:
    told = {it.get("name"): it.get("value", "") for it in case.iter("property")}
    return Test(
        f"{case.get('classname')}::{case.get('name')}",
        check,
        float(case.get("time", 0)),
        "\n".join(it.text or it.get("message") or "" for it in case if it.tag in ("failure", "error")),
        skipped=next((it.get("message") or "no reason given" for it in case if it.tag == "skipped"), ""),
        artefacts=Path(told[PROPERTY]) if PROPERTY in told else None,
        virtual_seconds=float(told.get(VIRTUAL_SECONDS, 0)),
    )
