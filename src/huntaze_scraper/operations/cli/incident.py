"""Incidents: capture one as a bundle, show it, redact it anew."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from huntaze_scraper.operations.cli.options import Aws, Json
from huntaze_scraper.operations.cli.screen import console, print_json, progress
from huntaze_scraper.operations.incident.bundle import Bundle
from huntaze_scraper.operations.incident.capture import capture as captured
from huntaze_scraper.operations.incident.errors import WrongQuestion
from huntaze_scraper.operations.incident.question import Question
from huntaze_scraper.operations.incident.reading import read_bundle
from huntaze_scraper.operations.incident.redacting import redact as redacted
from huntaze_scraper.operations.incident.writing import write_bundle, write_text

MOST_SHOWN = 40

File = Annotated[Path, typer.Argument(help="A bundle: incident-NAME.zip, or a folder that holds one.")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=__doc__)


@app.command()
def capture(
    context: typer.Context,
    job: Annotated[str, typer.Option(help="A job's id, the beginning of it, or its correlation id.")] = "",
    creator: Annotated[str, typer.Option(help="All jobs of a creator.")] = "",
    alarm: Annotated[str, typer.Option(help="The time around this alarm's last change to ALARM.")] = "",
    since: Annotated[str, typer.Option(help="From this time on: ISO 8601, or 90m, 12h, 3d ago.")] = "",
    until: Annotated[str, typer.Option(help="Up to this time; now without it.")] = "",
    out: Annotated[Path | None, typer.Option(help="The file to write; incident-NAME.zip here without it.")] = None,
    *,
    aws: Aws = False,
    json: Json = False,
) -> None:
    """Capture an incident: reads what is deployed, changes nothing, and writes no name, text or secret of it."""
    target = context.obj.chosen(aws=aws)
    question = Question.read(target.now(), job=job, creator=creator, alarm=alarm, since=since, until=until)
    with progress(quiet=json) as tell:
        bundle = captured(target, question, tell)
        path = out or Path(f"incident-{bundle.manifest.name}.zip")
        draw = context.obj.draw
        write_bundle(bundle, path, draw(bundle) if draw else "")
    missing = [asdict(it) for it in bundle.manifest.missing]
    if json:
        print_json({"bundle": str(path), "jobs": [asdict(it) for it in bundle.expected.jobs], "missing": missing})
        return
    console.print(f"[bold]{escape(str(path))}[/]  {len(bundle.expected.jobs)} jobs, {path.stat().st_size} bytes")
    _tell_missing(bundle)


@app.command()
def show(
    context: typer.Context,
    file: File,
    timeline: Annotated[
        Path | None, typer.Option(help="Write all jobs' ways as one page to this file (in a checkout alone).")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Show everything that is in a bundle."""
    bundle = read_bundle(file)
    if timeline is not None:
        if context.obj.draw is None:
            raise WrongQuestion("the page is drawn by ./huntaze in a checkout: run incident show there")
        timeline.write_text(context.obj.draw(bundle), encoding="utf-8")
    if json:
        print_json(asdict(bundle))
        return
    manifest = bundle.manifest
    console.print(f"[bold]{escape(manifest.name)}[/]  from {manifest.t0}, {manifest.span_seconds:g} s")
    for title, facts in (("asked", manifest.asked), ("settings", manifest.settings), ("digests", manifest.digests)):
        if facts:
            _say(title, "  ".join(f"{name}={value}" for name, value in facts.items()))
    _say("redacted", ", ".join(f"{count} {rule}" for rule, count in manifest.redactions.items()) or "nothing")
    _tell_missing(bundle)
    _tell_jobs(bundle)
    _tell_events(bundle)
    counts = f"{len(bundle.state)} items of state, {len(bundle.metrics)} readings of metrics"
    _say("also", f"{counts}: --json tells them")


@app.command()
def redact(
    file: File,
    out: Annotated[Path | None, typer.Option(help="The file to write; over the bundle itself without it.")] = None,
    *,
    json: Json = False,
) -> None:
    """Redact a bundle by today's rules, an old one too: every name, text and id is made anew."""
    bundle = redacted(read_bundle(file))
    path = out or file
    (write_text if path.is_dir() else write_bundle)(bundle, path)
    if json:
        print_json({"bundle": str(path), "redactions": dict(bundle.manifest.redactions)})
        return
    rules = ", ".join(f"{count} {rule}" for rule, count in bundle.manifest.redactions.items())
    console.print(f"[bold]{escape(str(path))}[/]  {escape(rules)}")


def _tell_missing(bundle: Bundle) -> None:
    for it in bundle.manifest.missing:
        console.print(f"[yellow]missing[/]  {escape(it.what)}: {escape(it.why)}", soft_wrap=True)


def _tell_jobs(bundle: Bundle) -> None:
    table = Table("sent", "job", "account", "action", "end", "attempts", "error")
    ends = {it.job_id: it for it in bundle.expected.jobs}
    for job in bundle.jobs[:MOST_SHOWN]:
        end = ends.get(job.job_id)
        why = " ".join(str(it) for it in (end.error_class, end.http_status) if it) if end else ""
        told = (f"{job.at_seconds:.1f} s", job.job_id[:12], job.account, job.action)
        table.add_row(*told, end.end if end else job.queue, str(end.attempts if end else ""), why)
    console.print(table)
    if len(bundle.jobs) > MOST_SHOWN:
        _say("jobs", f"{len(bundle.jobs) - MOST_SHOWN} more: --json tells all")


def _tell_events(bundle: Bundle) -> None:
    for step in bundle.script:
        _say(f"{step.at_seconds:+.1f} s", f"{step.verb} {_facts(step.arguments)}")
    for change in bundle.expected.alarms:
        _say(f"{change.at_seconds:+.1f} s", f"alarm {change.alarm}: {change.before} to {change.after}")
    for answer in bundle.answers[:MOST_SHOWN]:
        what = f"{answer.request['method']} {answer.request['url']} (no. {answer.nth} of {answer.account})"
        _say(f"{answer.at_seconds:+.1f} s", f"{what}: {answer.response['status'] or 'no answer'}, {answer.time:g} ms")
    for line in bundle.lines[:MOST_SHOWN]:
        _say(f"{line.at_seconds:+.1f} s", f"{line.source}: {_facts(line.fields)}")
    left = (("answers", len(bundle.answers)), ("lines", len(bundle.lines)))
    for name, count in left:
        if count > MOST_SHOWN:
            _say(name, f"{count - MOST_SHOWN} more: --json tells all")


def _say(title: str, text: str) -> None:
    console.print(f"[bold]{escape(title)}[/]  {escape(text)}", soft_wrap=True)


def _facts(values: Any) -> str:
    return "  ".join(f"{name}={value}" for name, value in values.items() if value not in (None, ""))
