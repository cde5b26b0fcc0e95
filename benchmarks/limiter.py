"""The limiter: what bursts cost, against one that lets messages ask again; how long its handler takes (issue: limiter)."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.rate_limiting import bursts, contestants, durations, mixes, pictures
from benchmarks.rate_limiting.bursts import Figures
from benchmarks.rate_limiting.mixes import Figures as MixFigures
from emulator.harness import places
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline

BURSTS = (10, 100, 1000)
PICTURE = places.ROOT / "docs" / "images" / "limiter-receives.png"
WAITS_PICTURE = places.ROOT / "docs" / "images" / "limiter-waits.png"
MEDIAN_RECEIVES_OF_A_MIX, MOST_RECEIVES_OF_A_MIX = 3, 8
MOST_RECEIVES, MOST_IN_A_WINDOW, MOST_REAL_SECONDS, MOST_OWN_MS = 2.05, 10, 360, 6.0


@dataclass
class Measured:
    """All figures of a run."""

    bursts: list[Figures]
    handler: dict[str, dict[str, float]]
    mixes: list[MixFigures] = field(default_factory=list)
    waits: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """Seconds, by mix and kind of job."""


def measure(sizes: Sequence[int], tell: Callable[[str], None]) -> Measured:
    """Measure the handler, then every burst through both limiters and the mixes through ours, on one emulator."""
    took = {"own share": durations.own_share()}
    tell("starting")
    with Harness(Options(speed=1.0), tell=tell) as harness:
        pipeline = Pipeline(harness.run)
        with pipeline.without_scraper():
            tell("timing the handler at the wall's speed")
            took["on the emulator"] = durations.on_the_emulator(pipeline)
    figures: list[Figures] = []
    measured = Measured(figures, took)
    # Time goes at the wall's pace while somebody works, and leaps while nobody does: on a busy machine, too.
    with Harness(Options(speed=1.0), tell=tell) as harness:
        pipeline = Pipeline(harness.run)
        with pipeline.without_scraper():
            ours, reference = contestants.shipped(harness.run), contestants.reference(harness.run)
            for burst in sizes:
                for limiter in (ours, reference):
                    figures.append(bursts.run(pipeline, limiter, burst, harness.clock, tell))
                    # The next burst is to find a bucket that nobody has touched for a while.
                    harness.clock.jump(180)
            for mix in mixes.MIXES:
                told, waits = mixes.run(pipeline, ours, harness.clock, mix, max(sizes), tell)
                measured.mixes.append(told)
                measured.waits[mix] = waits
                harness.clock.jump(180)
    return measured


def problems(measured: Measured) -> list[str]:
    """Say which of our figures are beyond their limits."""
    figures, took = measured.bursts, measured.handler
    found = [
        f"burst of {it.burst}: {name} is {value:g}, more than {most:g}"
        for it in figures
        if it.limiter == "ours"
        for name, value, most in (
            ("receives a message", it.receives_a_message, MOST_RECEIVES),
            ("worst window", it.worst_window, MOST_IN_A_WINDOW),
            ("lost", it.lost, 0),
            ("in DLQ", it.in_dlq, 0),
            ("duplicates", it.duplicates, 0),
            ("real seconds", it.real_seconds, MOST_REAL_SECONDS),
        )
        if value > most
    ]
    found += [
        f"{it.mix}: {name} is {value:g}, more than {most:g}"
        for it in measured.mixes
        for name, value, most in (
            ("median of receives", it.median_receives, MEDIAN_RECEIVES_OF_A_MIX),
            ("most receives", it.most_receives, MOST_RECEIVES_OF_A_MIX),
            ("lost", it.lost, 0),
            ("doubled", it.doubled, 0),
        )
        if value > most
    ]
    own = took["own share"]["p50_ms"]
    if own > MOST_OWN_MS:
        found.append(f"own share of the handler is {own:.1f} ms at the median, more than {MOST_OWN_MS:g}")
    return found


def main() -> None:
    """Measure, draw and print; exit 1 where a figure is beyond its limit."""
    parser = argparse.ArgumentParser(prog="huntaze bench limiter")
    parser.add_argument("sizes", nargs="*", type=int, default=list(BURSTS), help="messages a burst")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    sizes, as_json = options.sizes, options.json
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=as_json) as progress:
        task = progress.add_task("")
        measured = measure(sizes, lambda text: progress.update(task, description=text))
    if sizes == list(BURSTS):
        pictures.growth(measured.bursts, PICTURE)
        pictures.waits(measured.waits, WAITS_PICTURE)
    wrong = problems(measured)
    if as_json:
        told = {"bursts": [asdict(it) for it in measured.bursts], "mixes": [asdict(it) for it in measured.mixes]}
        print(json.dumps(told | {"handler": measured.handler, "beyond": wrong}))
    else:
        Console().print(
            _table("bursts", measured.bursts), _table("mixes", measured.mixes), _handler_table(measured.handler)
        )
        for line in wrong:
            Console().print(f"[red]{line}[/]")
    if wrong:
        sys.exit(1)


def _table(title: str, figures: Sequence[Figures] | Sequence[MixFigures]) -> Table:
    table = Table(title=title)
    for name in asdict(figures[0]):
        table.add_column(name.replace("_", " "), justify="left" if name in {"limiter", "mix"} else "right")
    for it in figures:
        table.add_row(*(f"{value:.2f}" if isinstance(value, float) else str(value) for value in asdict(it).values()))
    return table


def _handler_table(took: dict[str, dict[str, float]]) -> Table:
    table = Table("handler, a batch of ten", "p50 ms", "p99 ms", "cold start ms")
    for name, values in took.items():
        cold = f"{values['cold_start_ms']:.0f}" if "cold_start_ms" in values else ""
        table.add_row(name, f"{values['p50_ms']:.2f}", f"{values['p99_ms']:.2f}", cold)
    return table


if __name__ == "__main__":
    main()
