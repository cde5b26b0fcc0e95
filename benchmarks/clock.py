"""The virtual clock: how exact the cloud's times are on it, what it costs, and that it leaves nothing (issue: clock).

`--only accuracy|idle|ratios|throughput|leftovers` measures a part; `--speeds 20 60` names the speeds.
"""

import argparse
import json
import os
import statistics
from collections.abc import Callable
from typing import Any

from localprocs.vclock import AUTO, Speed
from localprocs.vclock.clock import parse_speed
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.virtual_clock import accuracy, idle, leftovers, ratios, throughput
from benchmarks.virtual_clock.figures import FIGURES

SPEEDS: tuple[Speed, ...] = (AUTO, 1.0, 10.0, 20.0, 60.0)
ROUNDS: dict[Speed, int] = {60.0: 3}
"""The faster the clock, the more a busy machine disturbs; the median counts."""
RUNS = 200
EMULATOR_RUNS = 5

console = Console(stderr=True)


def measure_accuracy(speeds: list[Speed]) -> dict[str, Any]:
    """Return for each speed the median virtual seconds of each figure, and by how many they are off."""
    found: dict[str, Any] = {}
    for speed in speeds:
        rounds = []
        for number in range(ROUNDS.get(speed, 1)):
            console.print(f"speed {_short(speed)}, round {number + 1}")
            rounds.append(accuracy.measure(speed))
        found[_short(speed)] = {name: _figure(name, [each[name] for each in rounds]) for name in FIGURES}
    return found


def _short(speed: Speed) -> str:
    return speed if speed == AUTO else f"{speed:g}"


def _figure(name: str, rounds: list[float]) -> dict[str, Any]:
    measured, expected = statistics.median(rounds), FIGURES[name].seconds
    allowed = accuracy.allowed(name)
    return {
        "expected": expected,
        "measured": measured,
        "off": measured - expected,
        "allowed": allowed,
        "is_within": abs(measured - expected) <= allowed,
    }


def print_accuracy(found: dict[str, Any]) -> None:
    """Print a row a figure, a column a speed."""
    table = Table("figure", "seconds", "allowed", *(f"off at {speed}" for speed in found), title="virtual seconds")
    for name, figure in FIGURES.items():
        cells = [
            f"[{'green' if each[name]['is_within'] else 'red'}]{each[name]['off']:+.2f}" for each in found.values()
        ]
        table.add_row(name, f"{figure.seconds:g}", f"{accuracy.allowed(name):g}", *cells)
    Console().print(table)
    if "1" in found:
        Console().print(
            "At speed 1 the clock jumps to ten seconds before each end; those ten run at the wall's pace. "
            "The alarm's minutes end 900 s after they begin, and alarms are looked at 5 s later."
        )


def print_rows(title: str) -> Callable[[dict[str, Any]], None]:
    """Return what prints a flat or nested dictionary as rows."""

    def show(found: dict[str, Any]) -> None:
        table = Table("", "", title=title, show_header=False)
        for name, value in found.items():
            for inner, number in value.items() if isinstance(value, dict) else [("", value)]:
                shown = f"{number:.3f}" if isinstance(number, float) else str(number)
                table.add_row(escape(f"{name} {inner}".replace("_", " ").strip()), shown)
        Console().print(table)

    return show


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench clock")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--speeds", nargs="+", type=parse_speed, default=list(SPEEDS))
    parser.add_argument("--only", nargs="+", choices=["accuracy", "idle", "ratios", "throughput", "leftovers"])
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of start, jump, stop")
    parser.add_argument("--emulator-runs", type=int, default=EMULATOR_RUNS, help="such runs with a whole emulator")
    parser.add_argument("--hours", type=float, default=1, help="idle hours")
    options = parser.parse_args()
    parts: dict[str, tuple[Callable[[], dict[str, Any]], Callable[[dict[str, Any]], None]]] = {
        "accuracy": (lambda: measure_accuracy(options.speeds), print_accuracy),
        "idle": (lambda: idle.measure(options.hours), print_rows("idle hours of the whole stack")),
        "ratios": (ratios.measure, print_rows("real seconds, beside a fixed speed")),
        "throughput": (throughput.measure, print_rows("SQS, without the clock and at auto")),
        "leftovers": (
            lambda: leftovers.measure(options.runs, options.emulator_runs),
            print_rows("left behind by runs of start, jump, stop"),
        ),
    }
    figures: dict[str, Any] = {"load_average_before": os.getloadavg()[0]}
    for name, (measure, show) in parts.items():
        if options.only and name not in options.only:
            continue
        console.print(f"measuring {name}")
        figures[name] = measure()
        if not options.json:
            show(figures[name])
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
