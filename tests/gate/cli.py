"""``test``, ``gate``, ``bench`` and ``requirements``: what people and CI run alike."""

import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from localprocs.vclock.clock import parse_speed
from rich.live import Live
from rich.table import Table

from emulator.cli.up import Speed
from emulator.harness import places
from emulator.harness.errors import HarnessError
from huntaze_scraper.operations.cli.options import Json
from huntaze_scraper.operations.cli.screen import console, print_json
from tests.gate import tree
from tests.gate.checks import CHECKS, PYTHON, Check
from tests.gate.run import Outcome, run
from tests.gate.verdict import Verdict

_MARKS = {
    "waiting": "[dim]·",
    "running": "[yellow]…",
    "passed": "[green]passed",
    "failed": "[red]failed",
}


def test(context: typer.Context, speed: Speed = None) -> None:
    """Run lint, types, unit and integration tests; with pytest arguments, just pytest with these."""
    if speed is not None:
        parse_speed(speed)
    if context.args:
        clocked = [] if speed is None else ["--speed", speed]
        raise typer.Exit(subprocess.call([PYTHON, "-m", "pytest", *clocked, *context.args], cwd=places.ROOT))
    checks = [check for check in CHECKS if check.in_test]
    with _board(checks) as tell:
        outcomes = run(checks, places.state_directory() / "checks", tell, is_gate=False, speed=speed)
    _print(outcomes)
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        console.rule(f"[bold]{outcome.check.name}", align="left")
        console.print(outcome.log.read_text(errors="replace"), markup=False, highlight=False, soft_wrap=True)
    if failed:
        logs = ", ".join(str(it.log) for it in failed)
        raise HarnessError(f"{', '.join(it.check.name for it in failed)} failed; the output above says where: {logs}")


def _print(outcomes: Sequence[Outcome]) -> None:
    """Print how each check ended, with the counts of its tests: a table for people, one line on stdout for programs."""
    table = Table("check", "result", "tests", "seconds")
    for it in outcomes:
        result = _MARKS["passed" if it.passed else "failed"]
        table.add_row(it.check.name, result, it.counts if it.tests else "", f"{it.seconds:.1f}")
    console.print(table)
    for test in (test for it in outcomes for test in it.tests if test.skipped):
        console.print(f"skipped: {test.name}: {test.skipped}", markup=False, soft_wrap=True)
    print("; ".join(f"{it.check.name}: {it.counts}" for it in outcomes))


def gate(*, speed: Speed = None, json: Json = False) -> None:
    """Run every check, and write gate/report.html and gate/gate.json: whether this commit may ship, and why."""
    if speed is not None:
        parse_speed(speed)
    output, begun, files = places.ROOT / "gate", time.monotonic(), tree.state()
    with _board(CHECKS, quiet=json) as tell:
        outcomes = run(CHECKS, output, tell, speed=speed)
    verdict = Verdict(outcomes, time.monotonic() - begun, output, files)
    verdict.write()
    if json:
        print_json(verdict.as_json)
    else:
        console.print(f"{output / 'report.html'}")
    if not verdict.is_green:
        raise HarnessError(f"this commit must not ship: {'; '.join(verdict.reasons)}. See {output / 'report.html'}")


def bench(
    context: typer.Context, name: Annotated[str | None, typer.Argument(help="Which one; none lists them.")] = None
) -> None:
    """Run a benchmark of benchmarks/ and print its figures."""
    known = sorted(it.stem for it in (places.ROOT / "benchmarks").glob("[a-z]*.py"))
    if name is None:
        console.print("  ".join(known))
        return
    if name not in known:
        raise HarnessError(f"there is no benchmark {name!r}; there are {', '.join(known)}")
    sys.argv = [f"bench {name}", *context.args]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")


def requirements() -> None:
    """Write docs/requirements.md: which test shows which requirement."""
    page = places.ROOT / "docs" / "requirements.md"
    command = [PYTHON, "-m", "pytest", "-q", "--collect-only", "--no-header", f"--write-requirements={page}"]
    found = subprocess.run(command, cwd=places.ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        raise HarnessError((found.stderr or found.stdout).strip().splitlines()[-1])
    console.print(str(page))


@contextmanager
def _board(checks: Sequence[Check], *, quiet: bool = False) -> Iterator[Callable[[Check, str], None]]:
    """Show each check's state, live where there is a terminal, else a line a change."""
    states = {check.name: "waiting" for check in checks}

    def table() -> Table:
        drawn = Table("check", "state")
        for name, state in states.items():
            drawn.add_row(name, _MARKS[state])
        return drawn

    if quiet or not console.is_terminal:
        yield lambda check, state: None if quiet else console.print(f"  {check.name}: {state}")
        return
    with Live(table(), console=console, transient=True) as live:

        def tell(check: Check, state: str) -> None:
            states[check.name] = state
            live.update(table(), refresh=True)

        yield tell
