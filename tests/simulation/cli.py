"""``./huntaze simulate``: seed after seed, and the story of each that breaks a promise."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from huntaze_scraper.operations.cli.options import Json
from huntaze_scraper.operations.cli.screen import console, print_json
from tests.simulation import coverage, story
from tests.simulation.plan import Plan, draw
from tests.simulation.run import CORPUS, Ended, corpus, run, seeds
from tests.simulation.shrink import shrink

TABLE_COLUMNS = 140
HASHES_TOLD = 1000
"""Of more runs no hashes are told."""


def simulate(
    *,
    seeds: Annotated[int | None, typer.Option(min=1, help="How many seeds to run.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="For how long to run new ones; 1 without either.")
    ] = None,
    first: Annotated[int | None, typer.Option("--from", min=0, help="The first seed; else one that is new.")] = None,
    plan: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Replay a plan that was kept.")] = None,
    keep: Annotated[bool, typer.Option(help="Keep what fails, shrunk, in tests/simulation/corpus/.")] = True,
    json: Json = False,
) -> None:
    """Run the whole pipeline in simulated worlds, a seed each, and tell what breaks as a story."""
    begun, failed, hashes, virtual = time.monotonic(), list[Ended](), dict[str, str](), 0.0
    met: coverage.Coverage = Counter()
    count = 0
    base = time.time_ns() // 1_000_000 if first is None else first
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console, disable=json) as progress:
        shown = progress.add_task("the corpus, then new seeds" if first is None else f"seeds from {base}")
        for planned in _plans(plan, base, seeds, minutes, is_replay=first is not None):
            ended = run(planned)
            count, virtual = count + 1, virtual + ended.virtual_seconds
            met.update(ended.coverage)
            if len(hashes) < HASHES_TOLD:
                hashes[str(planned.seed)] = ended.trace_hash
            rate = count / max(time.monotonic() - begun, 1e-9)
            told = f"{count} seeds, {rate:.1f} a second, {virtual / 3600:.1f} virtual hours, {len(failed)} failed"
            progress.update(shown, description=f"from {base}: {told}")
            if ended.invariant:
                failed.append(shrink(ended, lambda text: progress.update(shown, description=text)))
                _keep(failed[-1], is_wanted=keep and plan is None)
    stories = [story.tell(it) for it in failed]
    if json:
        print_json(
            {
                "seeds": count,
                "virtual_seconds": round(virtual, 3),
                "failed": [
                    {"seed": it.plan.seed, "invariant": it.invariant, "story": "\n".join(told)}
                    for it, told in zip(failed, stories, strict=True)
                ],
                "trace_hash": hashes,
            }
        )
    else:
        seconds = time.monotonic() - begun
        console.print(coverage.table(met), width=TABLE_COLUMNS, crop=False)
        for weakness in coverage.weaknesses(met):
            console.print(f"  not met: {weakness}", markup=False)
        for told in stories:
            console.print("\n" + "\n".join(told), markup=False, soft_wrap=True)
        console.print(
            f"{count} seeds from {base}, {count / max(seconds, 1e-9):.1f} a second, {virtual / 3600:.1f} virtual hours, "
            f"{len(failed)} failed"
        )
    if failed:
        raise typer.Exit(1)


def _plans(
    plan: Path | None, base: int, count: int | None, minutes: float | None, *, is_replay: bool
) -> Iterator[Plan]:
    """Yield what is to be run: one plan, or seeds; those that failed once go before new ones."""
    if plan is not None:
        yield Plan.read(plan)
        return
    if not is_replay:
        yield from (Plan.read(path) for path in corpus())
    seconds = None if minutes is None and count is not None else (1.0 if minutes is None else minutes) * 60
    yield from (draw(seed) for seed in seeds(base, count=count, seconds=seconds))


def _keep(ended: Ended, *, is_wanted: bool) -> None:
    """Keep a shrunk plan, to be run first ever after."""
    if is_wanted:
        path = CORPUS / f"seed-{ended.plan.seed}.json"
        path.write_text(ended.plan.write() + "\n")
        console.print(f"kept: ./huntaze simulate --plan {path}", markup=False)
