"""Runs checks, side by side where the machine bears it."""

import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from emulator.harness import places
from emulator.harness.gate.checks import Check


@dataclass(frozen=True)
class Outcome:
    """How a check ended."""

    check: Check
    passed: bool
    seconds: float
    log: Path


def run(
    checks: Sequence[Check], output: Path, tell: Callable[[str, str], None], speed: float | None = None
) -> list[Outcome]:
    """Run all checks, whatever fails, and return their outcomes in the order of the list.

    ``tell`` is called with a check's name and its state: ``running``, ``passed`` or ``failed``.
    """
    output.mkdir(parents=True, exist_ok=True)

    def run_lane(lane: int) -> list[Outcome]:
        return [_run_one(check, output, tell, speed) for check in checks if check.lane == lane]

    with ThreadPoolExecutor(2) as pool:
        first = [outcome for lane in pool.map(run_lane, (0, 1)) for outcome in lane]
    ended = {outcome.check: outcome for outcome in first + run_lane(2)}
    return [ended[check] for check in checks]


def _run_one(check: Check, output: Path, tell: Callable[[str, str], None], speed: float | None) -> Outcome:
    tell(check.name, "running")
    begun, log = time.monotonic(), output / f"{check.name}.log"
    with log.open("w") as sink:
        command = check.arguments(output, speed)
        code = subprocess.call(
            command, cwd=places.ROOT, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
    tell(check.name, "failed" if code else "passed")
    return Outcome(check, code == 0, time.monotonic() - begun, log)
