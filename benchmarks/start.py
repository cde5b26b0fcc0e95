"""How soon everything stands: boot and deploy, the first job, the whole demo (issue: walking skeleton)."""

import json
import statistics
import subprocess
import sys
import time

from rich.console import Console
from rich.table import Table

from benchmarks._arguments import wants_json
from emulator.harness import places
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline

RUNS = 5
LIMITS = {"deployed": 7.0, "first job": 3.0, "demo": 25.0}
"""Seconds at most, of the median."""


def measure_start() -> tuple[float, float]:
    """Return the seconds from nothing to all stacks deployed, and from the first job's sending to its result."""
    begun = time.monotonic()
    deployed: list[float] = []

    def note(step: str) -> None:
        if step == "waiting for the scraper":
            deployed.append(time.monotonic() - begun)

    with Harness(tell=note) as harness:
        pipeline = Pipeline(harness.run)
        sent = time.monotonic()
        job = pipeline.send(
            {"action": "send_message", "creator_id": "creator-01", "user_id": "fan-001", "message_content": "First"}
        )
        pipeline.await_results([job])
        return deployed[0], time.monotonic() - sent


def measure_demo() -> float:
    """Return the seconds that ``./huntaze demo`` takes."""
    begun = time.monotonic()
    subprocess.run([places.ROOT / "huntaze", "demo", "--json"], check=True, capture_output=True)
    return time.monotonic() - begun


def main() -> None:
    """Measure and print."""
    as_json = wants_json("start")
    figures: dict[str, list[float]] = {name: [] for name in LIMITS}
    for number in range(RUNS):
        deployed, first = measure_start()
        figures["deployed"].append(deployed)
        figures["first job"].append(first)
        figures["demo"].append(measure_demo())
        Console(stderr=True).print(
            f"run {number + 1} of {RUNS}: {deployed:.1f} s, {first:.1f} s, {figures['demo'][-1]:.1f} s"
        )
    medians = {name: statistics.median(values) for name, values in figures.items()}
    is_missed = any(medians[name] > limit for name, limit in LIMITS.items())
    if as_json:
        print(json.dumps(medians))
        sys.exit(is_missed)
    table = Table("figure", "median s", "min", "max", "limit", title=f"{RUNS} runs")
    for name, values in figures.items():
        median = medians[name]
        colour = "green" if median <= LIMITS[name] else "red"
        table.add_row(
            name, f"[{colour}]{median:.2f}[/]", f"{min(values):.2f}", f"{max(values):.2f}", f"{LIMITS[name]:g}"
        )
    Console().print(table)
    sys.exit(is_missed)


if __name__ == "__main__":
    main()
