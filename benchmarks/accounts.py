"""Accounts with a limit each: what a job costs the store, and how fast they go, as they grow (issue: limit)."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

from localprocs.vclock import Clock, NotWithin, WallClock
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.rate_limiting.bursts import batches, send
from benchmarks.rate_limiting.contestants import shipped
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline

SIZES = (10, 100, 1000)
JOBS_AN_ACCOUNT = 2
LOOK_SECONDS = 2.0
GIVE_UP_SECONDS = 1200.0
MOST_CALLS_A_JOB = 6.0


@dataclass(frozen=True)
class Figures:
    """What so many accounts came to."""

    accounts: int
    jobs: int
    store_calls_a_job: float
    receives_a_job: float
    lost: int
    doubled: int
    seconds: float
    """From the first to the last that was forwarded."""


def measure(sizes: Sequence[int], tell: Callable[[str], None]) -> list[Figures]:
    """Send jobs of ever more accounts through the limiter, without a scraper.

    On the wall's clock: an account's jobs are within its window, so there is nothing to wait for.
    """
    figures = []
    for accounts in sizes:
        context = {"rate_scope": "account", "accounts": str(accounts)}
        with Harness(Options(context=context), tell=tell) as harness:
            pipeline = Pipeline(harness.run)
            with pipeline.without_scraper():
                figures.append(_measure(pipeline, harness.clock, accounts, tell))
    return figures


def _measure(pipeline: Pipeline, clock: Clock | WallClock, accounts: int, tell: Callable[[str], None]) -> Figures:
    limiter, jobs = shipped(pipeline.run), accounts * JOBS_AN_ACCOUNT
    send(pipeline, limiter.ingress_url, "accounts", jobs, creators=accounts)

    def is_over() -> bool:
        count = len(pipeline.journal(limiter.workflows_url))
        tell(f"{accounts} accounts: {count} of {jobs} forwarded")
        return count >= jobs and not pipeline.depth(limiter.ingress_url)

    with suppress(NotWithin):
        clock.until(is_over, within=GIVE_UP_SECONDS, each=LOOK_SECONDS)
    forwarded, received = pipeline.journal(limiter.workflows_url), pipeline.journal(limiter.ingress_url)
    moments = [it["sent"] for it in forwarded]
    ids = {it["deduplication_id"] for it in forwarded}
    return Figures(
        accounts=accounts,
        jobs=jobs,
        store_calls_a_job=sum(it["store_calls"] for it in batches(pipeline, limiter)) / jobs,
        receives_a_job=sum(it["receive_count"] for it in received) / jobs,
        lost=jobs - len(ids),
        doubled=len(forwarded) - len(ids),
        seconds=max(moments) - min(moments),
    )


def main() -> None:
    """Measure and print; exit 1 where a job costs more than it may."""
    parser = argparse.ArgumentParser(prog="huntaze bench accounts")
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES), help="numbers of accounts")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=options.json) as progress:
        task = progress.add_task("")
        figures = measure(options.sizes, lambda text: progress.update(task, description=text))
    beyond = [it.accounts for it in figures if it.store_calls_a_job > MOST_CALLS_A_JOB or it.lost or it.doubled]
    if options.json:
        print(json.dumps({"accounts": [asdict(it) for it in figures], "beyond": beyond}))
    else:
        table = Table(*(name.replace("_", " ") for name in asdict(figures[0])))
        for it in figures:
            table.add_row(*(f"{each:.2f}" if isinstance(each, float) else str(each) for each in asdict(it).values()))
        Console().print(table)
    if beyond:
        sys.exit(1)


if __name__ == "__main__":
    main()
