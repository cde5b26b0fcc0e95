"""Line and branch coverage of src/, of all checks that measure it together."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from emulator.harness import places

PREFIX = ".coverage."
SHOWN = 12


@dataclass(frozen=True)
class Coverage:
    """What share of src/ was run, per cent, and where most is missing."""

    percent: float
    files: list[tuple[str, float]]
    """The files that are covered least: name, per cent."""


def environment(output: Path, check: str) -> dict[str, str]:
    """Return what has a check write its data to the folder."""
    return {**os.environ, "COVERAGE_FILE": str(output / f"{PREFIX}{check}")}


def read(output: Path) -> Coverage | None:
    """Put the checks' data together; None where there is none."""
    data = sorted(str(it) for it in output.glob(f"{PREFIX}*"))
    if not data:
        return None
    command, told = [str(places.ROOT / ".venv" / "bin" / "coverage")], output / "coverage.json"
    together = {**os.environ, "COVERAGE_FILE": str(output / "coverage.data")}
    for step in (["combine", "--quiet", "--keep", *data], ["json", "--quiet", "-o", str(told)]):
        subprocess.run([*command, *step], cwd=places.ROOT, env=together, check=False, capture_output=True)
    if not told.exists():
        return None
    report = json.loads(told.read_text())
    files = sorted(
        (round(it["summary"]["percent_covered"], 1), name.partition("huntaze_scraper/")[2])
        for name, it in report["files"].items()
    )
    least = [(name, percent) for percent, name in files[:SHOWN] if percent < 100]
    return Coverage(round(report["totals"]["percent_covered"], 1), least)
