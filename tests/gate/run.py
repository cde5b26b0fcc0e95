"""Runs checks, side by side where the machine bears it."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from emulator.harness import places
from emulator.harness.artefacts.redaction import redact
from huntaze_scraper.telemetry.redaction import Redactor
from tests.gate import coverage, junit
from tests.gate.checks import Check
from tests.gate.junit import Test

SIDE_BY_SIDE = 2
"""A check for each core."""


@dataclass(frozen=True)
class Outcome:
    """How a check ended."""

    check: Check
    passed: bool
    seconds: float
    log: Path

    @cached_property
    def tests(self) -> list[Test]:
        """Its tests, where it is made of tests."""
        return junit.tests(self.log.with_suffix(".xml"), self.check.name)

    @property
    def counts(self) -> str:
        """How many tests failed, passed and were skipped, or else how the check ended."""
        return junit.counts(self.tests) or ("passed" if self.passed else "failed")


def run(
    checks: Sequence[Check],
    output: Path,
    tell: Callable[[Check, str], None],
    *,
    is_gate: bool = True,
    speed: str | None = None,
) -> list[Outcome]:
    """Run all checks, whatever fails, and return their outcomes in the order of the list.

    ``tell`` is called with a check and its state: ``running``, ``passed`` or ``failed``. Each check's output is in
    a log of the folder that bears its name.
    """
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)

    def run_one(check: Check) -> Outcome:
        tell(check, "running")
        begun, log = time.monotonic(), output / f"{check.name}.log"
        command = check.arguments(output, is_gate=is_gate, speed=speed)
        with log.open("w") as sink:
            code = subprocess.call(
                command,
                cwd=places.ROOT,
                env=coverage.environment(output, check.name),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        for told in (log, output / f"{check.name}.xml"):  # CI keeps them for whoever may read its runs
            if told.exists():
                told.write_bytes(redact(told.read_bytes(), Redactor()))
        tell(check, "failed" if code else "passed")
        return Outcome(check, code == 0, time.monotonic() - begun, log)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        outcomes = [outcome for turn in _turns(checks) for outcome in pool.map(run_one, turn)]
    return sorted(outcomes, key=lambda it: checks.index(it.check))


def _turns(checks: Sequence[Check]) -> list[list[Check]]:
    """Return which checks share the machine: where nobody waits at a desk, each that is clocked has it to itself."""
    if not os.environ.get("CI"):
        return [list(checks)]
    return [*([it] for it in checks if it.is_clocked), [it for it in checks if not it.is_clocked]]
