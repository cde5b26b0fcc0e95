"""Jobs: show, which tells the whole history of one."""

import json as json_format
from typing import Annotated, Any

import typer
from rich.markup import escape

from huntaze_scraper.operations import job_history, moments
from huntaze_scraper.operations.cli.options import Aws, Json
from huntaze_scraper.operations.cli.screen import console, print_json
from huntaze_scraper.operations.job_history import Event, JobHistory

KNOWN = (
    "job_id",
    "message_id",
    "creator_id",
    "action",
    "correlation_id",
    "level",
    "timestamp",
    "service",
    "event",
    "logger",
    "location",
    "xray_trace_id",
)
"""Fields that say the same on every line of a job, or have a column of their own."""

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=__doc__)


@app.callback()
def jobs() -> None:
    """Keep ``show`` a verb of its own, alone as it is."""


@app.command()
def show(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The job's id, or its beginning.")],  # noqa: A002 - as on the screen
    since: Annotated[str, typer.Option(help="Log lines from this time on: ISO 8601, or 90m, 12h, 3d ago.")] = "30d",
    *,
    aws: Aws = False,
    json: Json = False,
) -> None:
    """Show a job's turn at the limiter, its attempts and failures, its log lines and its result."""
    target = context.obj.chosen(aws=aws)
    history = job_history.find(target, id, moments.parse(since, target.now()))
    if json:
        print_json(_as_json(history))
        return
    console.print(f"[bold]{history.job_id}[/]  {escape(history.where)}", soft_wrap=True)
    for title, facts in (("limiter", history.reservation), ("ledger", history.ledger)):
        if facts:
            told = "  ".join(f"{name}={value}" for name, value in sorted(facts.items()))
            console.print(f"[bold]{title}[/]  {escape(told)}", soft_wrap=True)
    for event in history.events:
        what, details = _told(event)
        console.print(f"{event.at.isoformat(timespec='milliseconds')}  {event.source}  [bold]{escape(what)}[/]")
        console.print(f"    {escape(details)}", soft_wrap=True)
    console.print(f"[bold]result[/]  {escape(f's3://{target.results_bucket}/{history.result_key}')}", soft_wrap=True)
    console.print("none yet" if history.result is None else json_format.dumps(history.result, indent=1), markup=False)


def _told(event: Event) -> tuple[str, str]:
    line = dict(event.line)
    what = line.get("event") or line.get("message") or ""
    shown = {name: value for name, value in line.items() if name not in (*KNOWN, "message") and value not in (None, "")}
    return str(what), "  ".join(f"{name}={value}" for name, value in shown.items())


def _as_json(history: JobHistory) -> dict[str, Any]:
    return {
        "job_id": history.job_id,
        "where": history.where,
        "limiter": {"reservation": history.reservation, "decisions": _lines(history, "limiter")},
        "ledger": history.ledger,
        "scraper": _lines(history, "scraper"),
        "result_key": history.result_key,
        "result": history.result,
    }


def _lines(history: JobHistory, source: str) -> list[dict[str, Any]]:
    return [{"at": it.at.isoformat(), **it.line} for it in history.events if it.source == source]
