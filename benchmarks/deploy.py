"""A change of one line, deployed on the emulator by the script and taken back by it, end to end (issue: ship it)."""

import json
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks._arguments import wants_json
from emulator.harness.harness import Harness
from infra_cdk.release import digests
from infra_cdk.synthesis import synthesise
from tests.integration.operator_shell import Shell

RUNS = 3
CREATOR = "creator-09"
"""Whose profile the smoke job reads."""


def measure() -> dict[str, list[float]]:
    """Return the seconds of each deployment (checks, change, health, smoke job) and of each rollback."""
    changed = synthesise({"metrics_by_creator": "false"})  # one environment variable of the task
    figures: dict[str, list[float]] = {"deployment": [], "rollback": []}
    with tempfile.TemporaryDirectory() as folder, Harness() as harness:
        harness.clients.ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Type="String", Value="31")
        shell = Shell(harness.run, Path(folder))
        verdict = _green_verdict(changed, Path(folder))
        deploy = ("--keep-image", "--assembly", str(changed), "--gate", str(verdict), "--smoke-creator", CREATOR)
        for number in range(RUNS):
            figures["deployment"].append(_seconds(shell, *deploy))
            figures["rollback"].append(_seconds(shell, "--rollback"))
            told = ", ".join(f"{name} {values[-1]:.1f} s" for name, values in figures.items())
            Console(stderr=True).print(f"run {number + 1} of {RUNS}: {told}")
    return figures


def _green_verdict(assembly: Path, folder: Path) -> Path:
    """Write what a green gate says of the assembly, and return the file."""
    tested = {"assembly": digests.assembly(assembly), "limiter_zip": digests.limiter_zip(assembly), "image": None}
    file = folder / "gate.json"
    file.write_text(json.dumps({"green": True, "commit": "measured", "digests": tested}))
    return file


def _seconds(shell: Shell, *options: str) -> float:
    begun = time.monotonic()
    done = shell.run("scripts/deploy-onlyfans-scraper.sh", *options)
    if done.returncode:
        raise SystemExit(f"the script failed: {done.stderr}")
    return time.monotonic() - begun


def main() -> None:
    """Measure and print."""
    as_json = wants_json("deploy")
    figures = measure()
    if as_json:
        print(json.dumps({name: statistics.median(values) for name, values in figures.items()}))
        return
    table = Table("a change of one line", "median s", "min", "max", title=f"by the deploy script, {RUNS} runs")
    for name, values in figures.items():
        table.add_row(name, *(f"{it:.1f}" for it in (statistics.median(values), min(values), max(values))))
    Console().print(table)


if __name__ == "__main__":
    main()
