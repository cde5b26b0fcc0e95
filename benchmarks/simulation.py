"""How fast the simulated pipeline goes: a day of jobs at the full rate, seeds a second, one seed over and over."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.simulation.plan import Plan, PlannedJob
from tests.simulation.run import corpus, run, run_seed
from tests.simulation.story import tell as story_of

DAY = 14_400
"""Jobs: ten a minute."""
SPACING_SECONDS = 6.2
SEEDS = 100
SAME = 1_000
PROCESSES = 10
"""Of which each has another hash seed, and runs the one seed its share of that often."""
SEED = 9
ACCOUNTS = 20
WANTED_HOURS_A_SECOND = 10.0


def full_rate(count: int) -> Plan:
    """Return so many jobs, one after the other as fast as the limit allows, without a fault."""
    jobs = [
        PlannedJob(
            at=number * SPACING_SECONDS,
            payload={
                "action": "send_message",
                "creator_id": f"creator-{number % ACCOUNTS}",
                "user_id": f"fan-{number % 7}",
                "message_content": f"message no. {number:05} of the day",
                "timestamp": "2025-01-01T00:00:00Z",
            },
        )
        for number in range(count)
    ]
    return Plan(seed=1, jobs=jobs, faults=[])


def hashes_of(times: int, hash_seed: int) -> set[str]:
    """Return the histories of one seed, run so often in a process of its own."""
    program = (
        f"from tests.simulation.run import run_seed; print(*{{run_seed({SEED}).trace_hash for _ in range({times})}})"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": str(hash_seed)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return set(answer.stdout.split())


def measure(jobs: int, same: int, tell: Callable[[str], None]) -> dict[str, float]:
    """Return the figures; raise where a run broke a promise or a hash differed."""
    tell(f"{jobs} jobs at the full rate")
    began = time.process_time()
    day = run(full_rate(jobs))
    day_seconds = time.process_time() - began
    if day.invariant:
        raise SystemExit(f"the day broke {day.invariant}: {day.why}")
    tell(f"{SEEDS} seeds")
    began, virtual = time.process_time(), 0.0
    for seed in range(SEEDS):
        ended = run_seed(seed)
        virtual += ended.virtual_seconds
        if ended.invariant:
            raise SystemExit(f"seed {seed} broke {ended.invariant}: {ended.why}")
    seeds_seconds = time.process_time() - began
    hashes = set[str]()
    for hash_seed in range(PROCESSES):
        tell(f"one seed {same} times, process {hash_seed + 1} of {PROCESSES}")
        hashes |= hashes_of(-(-same // PROCESSES), hash_seed)
    if len(hashes) != 1:
        raise SystemExit("one seed gave more than one history")
    lengths = sorted(len(story_of(run(Plan.read(path), keeps_lines=True))) for path in corpus())
    return {
        "jobs": jobs,
        "seconds_of_one_core": round(day_seconds, 2),
        "virtual_hours_a_second": round(day.virtual_seconds / 3600 / day_seconds, 3),
        "milliseconds_a_job": round(day_seconds * 1000 / jobs, 2),
        "seeds_a_second": round(SEEDS / seeds_seconds, 2),
        "virtual_hours_a_second_with_faults": round(virtual / 3600 / seeds_seconds, 3),
        "same_hash_times": same,
        "lines_of_the_median_story": lengths[len(lengths) // 2] if lengths else 0,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="huntaze bench simulation")
    parser.add_argument("--jobs", type=int, default=DAY, help="jobs of the day")
    parser.add_argument("--same", type=int, default=SAME, help="how often the one seed is run")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=options.json) as progress:
        shown = progress.add_task("")
        figures = measure(options.jobs, options.same, lambda text: progress.update(shown, description=text))
    if options.json:
        print(json.dumps(figures))
        return
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), f"{value:g}")
    Console().print(table)


if __name__ == "__main__":
    main()
