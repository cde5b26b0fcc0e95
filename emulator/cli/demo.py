"""``demo``: boots all of it, sends six jobs, shows their way, and stops."""

import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localprocs.vclock import AUTO
from localprocs.vclock.clock import parse_speed
from rich import box
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from emulator.cli import demo_results
from emulator.cli.up import Speed
from emulator.harness import places
from emulator.harness.errors import HarnessError
from emulator.harness.harness import Harness, Options
from emulator.harness.pipeline import Pipeline, SentJob
from huntaze_scraper.operations.cli.options import Json
from huntaze_scraper.operations.cli.screen import console, print_json, progress

TIMEOUT_SECONDS = 60
STAGES = ("ingress queue", "workflows queue", "scraper")
SHORT = 8
"""Characters of a job's id, so that a row has room on 80 columns."""


@dataclass(frozen=True)
class DemoJob:
    """A job of the demo, and how it should end."""

    payload: dict[str, Any]
    expected: str = "succeeded"
    remark: str = ""
    """What there is to say about such an end."""


def demo_jobs(site_url: str) -> list[DemoJob]:
    """Return six jobs for three creators; the last one is for a fan who does not exist."""
    return [
        DemoJob(_message("creator-01", "fan-001", "Thank you for being here!")),
        DemoJob(_profile("creator-01", site_url)),
        DemoJob(_message("creator-02", "fan-002", "New photos tonight 🌙")),
        DemoJob(_profile("creator-02", site_url)),
        DemoJob(_profile("creator-03", site_url)),
        DemoJob(_message("creator-03", "nobody-at-all", "Hello?"), "rejected", ", as it should: there is no such fan"),
    ]


def demo(*, speed: Speed = AUTO, json: Json = False) -> None:
    """Start everything, run six jobs for three creators, show their way and results, and stop."""
    chosen = None if speed is None else parse_speed(speed)
    begun = time.monotonic()
    kept = places.state_directory() / "demo"
    with progress(quiet=json) as tell:
        harness = Harness(Options(speed=chosen), tell)
        harness.__enter__()
    try:
        if not json:
            console.print(f"[green]up[/] in {time.monotonic() - begun:.1f} s; sending six jobs for three creators")
        pipeline = Pipeline(harness.run)
        todo = demo_jobs(harness.run.site_url)
        sent = [pipeline.send(job.payload) for job in todo]
        results = _watch(pipeline, sent, quiet=json)
        demo_results.keep(pipeline, sent, kept)
    finally:
        with progress(quiet=json) as tell:
            tell("stopping")
            harness.stop()
    seconds = round(time.monotonic() - begun, 1)
    rows = [_row(pipeline, job, results.get(job.job_id)) for job in sent]
    if json:
        print_json({"jobs": rows, "seconds": seconds})
    else:
        for job, row in zip(todo, rows, strict=True):
            remark = job.remark if row["status"] == job.expected else ""
            told = demo_results.words(results.get(row["job_id"])) + remark
            console.print(f" {row['creator_id']}  {escape(told)}", no_wrap=True, overflow="ellipsis")
        console.print(f"Results and screenshots are kept in {escape(_seen_from_here(kept))}", soft_wrap=True)
        console.print(f"[green]done[/] in {seconds} s. Next: ./huntaze test, or ./huntaze up to send jobs of your own")
    wrong = [row["job_id"][:SHORT] for row, job in zip(rows, todo, strict=True) if row["status"] != job.expected]
    if wrong:
        raise HarnessError(f"{', '.join(wrong)} did not end as they should; the logs are in {harness.logs}")


def _watch(pipeline: Pipeline, sent: list[SentJob], *, quiet: bool) -> dict[str, dict[str, Any]]:
    """Follow the jobs, live, until each has a result or the time is over."""
    results: dict[str, dict[str, Any]] = {}
    deadline = time.monotonic() + TIMEOUT_SECONDS
    # Into a pipe Live writes no end of its last line.
    is_live = console.is_terminal and not quiet
    stages: dict[str, str] = {}
    with Live(console=console, auto_refresh=False, transient=False) if is_live else nullcontext() as live:
        while len(results) < len(sent) and time.monotonic() < deadline:
            for job in sent:
                if job.job_id not in results and (found := pipeline.find_result(job)):
                    results[job.job_id] = found
                stages[job.job_id] = "done" if job.job_id in results else pipeline.stage(job)
            if live is not None:
                live.update(_table(sent, stages, results), refresh=True)
            time.sleep(0.1)
    if not is_live and not quiet:
        console.print(_table(sent, stages, results))
    return results


def _table(sent: list[SentJob], stages: dict[str, str], results: dict[str, dict[str, Any]]) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for title in ("job", "creator", "action", *(it.removesuffix(" queue") for it in STAGES), "result"):
        table.add_column(title, no_wrap=True)
    for job in sent:
        place = STAGES.index(stages[job.job_id]) if stages[job.job_id] in STAGES else len(STAGES)
        marks = ["[green]●[/]"] * place + ["[yellow]◉[/]"] * (place < len(STAGES))
        marks += ["[dim]·[/]"] * (len(STAGES) - len(marks))
        status = results.get(job.job_id, {}).get("status", "")
        colour = "green" if status == "succeeded" else "yellow"
        table.add_row(job.job_id[:SHORT], job.account, job.payload["action"], *marks, f"[{colour}]{status}[/]")
    return table


def _row(pipeline: Pipeline, job: SentJob, result: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "action": job.payload["action"],
        "creator_id": job.account,
        "status": result["status"] if result else "no result",
        "result": f"s3://{pipeline.run.results_bucket}/{pipeline.result_key(job)}" if result else None,
    }


def _seen_from_here(folder: Path) -> str:
    """Return the folder's shortest name."""
    return str(folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder)


def _message(creator: str, fan: str, text: str) -> dict[str, Any]:
    return {
        "action": "send_message",
        "creator_id": creator,
        "user_id": fan,
        "message_content": text,
        "metadata": {"campaign_id": "demo"},
    }


def _profile(creator: str, site_url: str) -> dict[str, Any]:
    return {"action": "scrape_profile", "creator_id": creator, "profile_url": f"{site_url}/{creator}"}
