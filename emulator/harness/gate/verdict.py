"""What the gate found: ``gate.json`` for programs, ``report.html`` for people."""

import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from emulator.harness import places
from emulator.harness.gate import digests
from emulator.harness.gate.run import Outcome
from infra_cdk.synthesis import synthesise

SLOWEST = 10


@dataclass(frozen=True)
class Test:
    """A test as its JUnit file tells it."""

    name: str
    check: str
    seconds: float
    failure: str = ""


@dataclass
class Verdict:
    """Everything that the reports say."""

    outcomes: Sequence[Outcome]
    seconds: float
    output: Path
    tests: list[Test] = field(default_factory=list)
    image: str | None = None
    """The digest of the image that was built, where an engine is there."""

    @property
    def is_green(self) -> bool:
        """Whether this commit may ship."""
        return all(outcome.passed for outcome in self.outcomes)

    def write(self) -> None:
        """Write both reports to the output folder."""
        self.tests = [test for outcome in self.outcomes for test in _tests(self.output, outcome.check.name)]
        (self.output / "gate.json").write_text(json.dumps(self.as_json(), indent=2) + "\n")
        environment = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True)
        page = environment.get_template("report.html").render(verdict=self, told=self.as_json(), page=_matrix())
        (self.output / "report.html").write_text(page)

    def as_json(self) -> dict[str, Any]:
        """Return what gate.json holds."""
        folder = synthesise()
        return {
            "green": self.is_green,
            "commit": _git("rev-parse", "HEAD"),
            "is_clean": not _git("status", "--porcelain"),
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 1),
            "digests": {
                "assembly": digests.assembly(folder),
                "limiter_zip": digests.limiter_zip(folder),
                "image": self.image,
            },
            "checks": [
                {"name": it.check.name, "passed": it.passed, "seconds": round(it.seconds, 1)} for it in self.outcomes
            ],
            "tests": {"run": len(self.tests), "failed": [it.name for it in self.tests if it.failure]},
            "coverage": self.coverage,
        }

    @property
    def coverage(self) -> float | None:
        """Line and branch coverage of src/ by the unit tests, per cent."""
        report = self.output / "coverage.json"
        return round(json.loads(report.read_text())["totals"]["percent_covered"], 1) if report.exists() else None

    @property
    def slowest(self) -> list[Test]:
        """The tests that took longest."""
        return sorted(self.tests, key=lambda it: -it.seconds)[:SLOWEST]

    @property
    def failed(self) -> list[Test]:
        """The tests that failed, with what they said."""
        return [it for it in self.tests if it.failure]


def _tests(output: Path, check: str) -> list[Test]:
    file = output / f"{check}.xml"
    if not file.exists():
        return []
    cases = ET.parse(file).iter("testcase")  # noqa: S314 - written by our own pytest
    return [
        Test(
            f"{case.get('classname')}::{case.get('name')}",
            check,
            float(case.get("time", 0)),
            "\n".join(it.text or it.get("message") or "" for it in case if it.tag in ("failure", "error")),
        )
        for case in cases
    ]


def _matrix() -> list[list[str]]:
    """Return the rows of the table in docs/requirements.md: number, text, and tests a level."""
    page = places.ROOT / "docs" / "requirements.md"
    if not page.exists():
        return []
    rows = [line.strip("| \n").split(" | ") for line in page.read_text().splitlines() if line.startswith("| [")]
    return [[row[0].partition("]")[0].lstrip("["), *row[1:]] for row in rows]


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(places.ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
