"""What the gate found: ``gate.json`` for programs, ``report.html`` for people."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2

from emulator.harness import places
from emulator.harness.errors import NO_ENGINE
from infra_cdk.release import digests
from infra_cdk.synthesis import synthesise
from tests.gate import coverage, figures, tree
from tests.gate.coverage import Coverage
from tests.gate.figures import Figure
from tests.gate.junit import Test
from tests.gate.run import Outcome

SLOWEST = 10


@dataclass
class Verdict:
    """Everything that the reports say."""

    outcomes: Sequence[Outcome]
    seconds: float
    output: Path
    tree: str
    """The state of the files when the first check began."""
    page: Path = field(default=places.ROOT / "docs" / "requirements.md")
    """The page that the check of requirements has written."""

    @property
    def is_green(self) -> bool:
        """Whether this commit may ship."""
        return not self.reasons

    @cached_property
    def reasons(self) -> list[str]:
        """Why it must not ship."""
        found = [f"{outcome.check.name} failed" for outcome in self.outcomes if not outcome.passed]
        if self.tree != tree.state():
            found.append("files changed while it ran, so that what was tested is not what is here")
        if self.coverage is None or self.coverage.percent < figures.LEAST_COVERAGE:
            found.append(f"less than {figures.LEAST_COVERAGE} % of src/ was run, or it was not measured")
        left_out = [test.name for test in self.tests if test.skipped and NO_ENGINE not in test.skipped]
        if left_out:
            found.append(f"{len(left_out)} tests were skipped though no engine is what they lack: {left_out[0]}")
        return found

    def write(self) -> None:
        """Write both reports to the output folder."""
        (self.output / "gate.json").write_text(json.dumps(self.as_json, indent=2) + "\n")
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        environment.tests["picture"] = lambda link: link.endswith(".png")
        (self.output / "report.html").write_text(environment.get_template("report.html").render(verdict=self))

    @cached_property
    def as_json(self) -> dict[str, Any]:
        """What gate.json holds."""
        folder = synthesise()
        image, platform = digests.image(self.output / "image.log")
        return {
            "green": self.is_green,
            "reasons": self.reasons,
            "commit": tree.commit(),
            "is_clean": tree.is_clean(),
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 1),
            "digests": {
                "assembly": digests.assembly(folder),
                "limiter_zip": digests.limiter_zip(folder),
                "image": image,
            },
            "image_platform": platform,
            "checks": [
                {"name": it.check.name, "passed": it.passed, "seconds": round(it.seconds, 1)} for it in self.outcomes
            ],
            "tests": {
                "run": len(self.tests),
                "skipped": [it.name for it in self.tests if it.skipped],
                "failed": [it.name for it in self.failed],
            },
            "incidents": [{"name": name, "passed": passed} for name, passed in self.incidents.items()],
            "coverage": self.coverage.percent if self.coverage else None,
            "figures": [{**asdict(it), "holds": it.holds} for it in self.figures],
        }

    @cached_property
    def tests(self) -> list[Test]:
        """Every test of every check."""
        return [test for outcome in self.outcomes for test in outcome.tests]

    @cached_property
    def incidents(self) -> dict[str, bool]:
        """The incidents that are kept as tests, and whether each is mended."""
        found: dict[str, bool] = {}
        for test in self.tests:
            if test.name.startswith("tests.incidents.") and not test.skipped:
                name = test.name.split(".")[2]
                found[name] = found.get(name, True) and not test.failure
        return found

    @cached_property
    def coverage(self) -> Coverage | None:
        """Line and branch coverage of src/."""
        return coverage.read(self.output)

    @cached_property
    def figures(self) -> list[Figure]:
        """Figures against their limits; one that is beyond it is shown, and does not by itself stop a commit."""
        of_run = figures.of_run(self.seconds, self.tests, self.coverage, self.requirements)
        return [*of_run, *figures.of_benchmarks()]

    @property
    def slowest(self) -> list[Test]:
        """The tests that took longest."""
        return sorted(self.tests, key=lambda it: -it.seconds)[:SLOWEST]

    @property
    def failed(self) -> list[Test]:
        """The tests that failed, with what they said."""
        return [it for it in self.tests if it.failure]

    @cached_property
    def requirements(self) -> list[list[str]]:
        """The rows of the requirements' table: number, text, and tests a level."""
        lines = self.page.read_text().splitlines() if self.page.exists() else []
        rows = [line.strip().strip("|").split("|") for line in lines if re.match(r"\| \[[\d.]+\]", line)]
        return [[row[0].partition("]")[0].strip(" ["), *(cell.strip() for cell in row[1:])] for row in rows]

    @property
    def levels(self) -> list[str]:
        """The names of the levels, as the table has them."""
        lines = self.page.read_text().splitlines() if self.page.exists() else []
        head = next((line for line in lines if line.startswith("| no. |")), "")
        return [cell.strip() for cell in head.strip("| ").split("|")][2:]

    def artefacts(self, test: Test) -> list[str]:
        """Return links, from the report, to what a failing test left behind."""
        if test.artefacts is None or not test.artefacts.is_dir():
            return []
        pictures = set(test.artefacts.rglob("*.png"))
        # A folder stands for the rest of what lies in it.
        return sorted(os.path.relpath(it, self.output) for it in {*test.artefacts.iterdir(), *pictures})

    def text(self, link: str) -> str:
        """Return what a linked file says, to stand within the report."""
        return (self.output / link).read_text(errors="replace")
