"""Figures against their limits: those of this run, and those that benchmarks gave when they were last run."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.harness import places
from tests.gate.coverage import Coverage
from tests.gate.junit import Test

LEAST_COVERAGE = 95
MEASURED = places.ROOT / "benchmarks" / "figures.toml"


@dataclass(frozen=True)
class Figure:
    """A number that was promised to be no more, or no less, than another."""

    name: str
    value: float
    limit: float
    unit: str = ""
    is_most: bool = True
    """Whether the limit is the most that is allowed, or else the least."""
    source: str = "this run"

    @property
    def holds(self) -> bool:
        """Whether it is within its limit."""
        return self.value <= self.limit if self.is_most else self.value >= self.limit

    @property
    def share(self) -> float:
        """How far it goes towards its limit, per cent, for a bar."""
        return min(100.0, 100 * self.value / self.limit) if self.limit else 100.0 * self.holds


def of_run(
    seconds: float, tests: list[Test], coverage: Coverage | None, requirements: list[list[str]]
) -> Iterator[Figure]:
    """Return what this run shows."""
    yield Figure("the whole gate", round(seconds), 720, "s")
    virtual = sum(it.virtual_seconds for it in tests) / 3600
    yield Figure("virtual time that tests covered", round(virtual, 1), 6, "h", is_most=False)
    if coverage is not None:
        yield Figure("line and branch coverage of src/", coverage.percent, LEAST_COVERAGE, "%", is_most=False)
    shown = sum(any(cell.strip() for cell in row[2:]) for row in requirements)
    yield Figure("requirements that tests show", shown, len(requirements), is_most=False)


def of_benchmarks(file: Path = MEASURED) -> Iterator[Figure]:
    """Return what benchmarks gave: ``./huntaze bench`` runs them, and people keep their figures in the file."""
    for each in tomllib.loads(file.read_text())["figure"] if file.exists() else ():
        yield _figure(each)


def _figure(told: dict[str, Any]) -> Figure:
    least = "least" in told
    return Figure(
        told["name"],
        told["value"],
        told["least"] if least else told["most"],
        told.get("unit", ""),
        is_most=not least,
        source=f"{told['by']}, {told['on']:%Y-%m-%d}",
    )
