"""``dlq``: what was set aside, and why; sent back, or thrown away."""

import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from emulator.harness import moments, places, replay
from emulator.harness.cli.screen import console, print_json, progress
from emulator.harness.cli.targets import Aws, Json, chosen
from emulator.harness.dead_letter_queue import DeadLetterQueue
from emulator.harness.dead_letters import QUEUES, DeadLetter, Outcome, QueueName, Selection
from emulator.harness.errors import HarnessError
from emulator.harness.target import Target

Ids = Annotated[list[str] | None, typer.Argument(help="Message ids or job ids, or beginnings of them; none means all.")]
Queue = Annotated[str, typer.Option(help="ingress or workflows; both without it.")]
Class = Annotated[str, typer.Option("--class", help="The error's class; redrive is what SQS itself moved.")]
Creator = Annotated[str, typer.Option(help="The creator (the fan, where a job names no creator).")]
Since = Annotated[str, typer.Option(help="Set aside at this time or later: ISO 8601, or 90m, 12h, 3d ago.")]
Until = Annotated[str, typer.Option(help="Set aside before this time.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this nothing is changed.")]

MOST_PRINTED = 200

app = typer.Typer(no_args_is_help=True, help="Dead letters: list, show, replay, drop.")


def register(parent: typer.Typer) -> None:
    """Add the verb."""
    parent.add_typer(app, name="dlq")


@app.command("list")
def list_(
    ids: Ids = None,
    queue: Queue = "",
    error_class: Class = "",
    creator: Creator = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(min=1, help="How many messages of each queue to look at.")] = 1000,
    *,
    aws: Aws = False,
    json: Json = False,
) -> None:
    """List what lies in the dead-letter queues. It is hidden for a moment, and put back."""
    target = chosen(aws=aws)
    selection = _selection(target, ids, queue, error_class, creator, since, until)
    found, counts = _look(target, selection, limit)
    if json:
        print_json({"messages": [it.as_row() for it in found], "counts": counts})
        return
    _print(it.as_row() for it in found)
    console.print(_summary(len(found), counts))


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="A message id or job id, or its beginning.")],  # noqa: A002 - as on the screen
    *,
    aws: Aws = False,
) -> None:
    """Show one message whole, as JSON on stdout: attributes and body, which holds a creator's words."""
    target = chosen(aws=aws)
    found, _ = _look(target, Selection(ids=(id,)), 100_000)
    if not found:
        raise HarnessError(f"no message that can be seen now begins with {id}")
    print_json({"messages": [it.as_row() | {"body": it.body, "attributes": _texts(it)} for it in found]})


@app.command("replay")
def replay_(
    ids: Ids = None,
    queue: Queue = "",
    error_class: Class = "",
    creator: Creator = "",
    since: Since = "",
    until: Until = "",
    *,
    yes: Yes = False,
    aws: Aws = False,
    json: Json = False,
) -> None:
    """Send messages back to the ingress queue, in order within each creator; the limiter takes them as new ones."""
    target = chosen(aws=aws)
    selection = _selection(target, ids, queue, error_class, creator, since, until)
    if not yes:
        _rehearse(target, selection, "replayed", json=json)
        return
    with progress(quiet=json) as tell:
        again = replay.Replay(target, tell)
        outcomes = [it for name in selection.queues for it in again.run(DeadLetterQueue(target, name), selection)]
    _report(outcomes, json=json)


@app.command()
def drop(
    ids: Ids = None,
    queue: Queue = "",
    error_class: Class = "",
    creator: Creator = "",
    since: Since = "",
    until: Until = "",
    keep: Annotated[Path | None, typer.Option(help="The file for the copies, mode 600; a new one without it.")] = None,
    *,
    yes: Yes = False,
    aws: Aws = False,
    json: Json = False,
) -> None:
    """Delete messages for good, after a copy of each lies in a file on this machine."""
    target = chosen(aws=aws)
    selection = _selection(target, ids, queue, error_class, creator, since, until)
    if not yes:
        _rehearse(target, selection, "dropped", json=json)
        return
    path = keep or places.state_directory() / "dropped" / f"{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    with progress(quiet=json):
        queues = [DeadLetterQueue(target, name) for name in selection.queues]
        outcomes = [it for each in queues for it in replay.drop(each, selection, path)]
    _report(outcomes, json=json, copies=str(path) if outcomes else None)


def _selection(
    target: Target, ids: list[str] | None, queue: str, error_class: str, creator: str, since: str, until: str
) -> Selection:
    if queue not in ("", *QUEUES):
        raise HarnessError(f"there is no queue {queue!r}; there are {' and '.join(QUEUES)}")
    now = target.now()
    return Selection(
        queues=tuple(name for name in QUEUES if queue in ("", name)),
        error_class=error_class,
        creator=creator,
        since=moments.parse(since, now) if since else None,
        until=moments.parse(until, now) if until else None,
        ids=tuple(ids or ()),
    )


def _look(target: Target, selection: Selection, limit: int) -> tuple[list[DeadLetter], dict[QueueName, int]]:
    found: list[DeadLetter] = []
    counts: dict[QueueName, int] = {}
    for name in selection.queues:
        queue = DeadLetterQueue(target, name)
        counts[name] = queue.count()
        with queue.held(limit) as letters:
            found.extend(filter(selection.takes, letters))
    return found, counts


def _rehearse(target: Target, selection: Selection, word: str, *, json: bool) -> None:
    found, counts = _look(target, selection, replay.ROUND)
    if json:
        print_json({"messages": [it.as_row() for it in found], "counts": counts, "dry_run": True})
        return
    _print(it.as_row() for it in found)
    console.print(f"{_summary(len(found), counts)}. With --yes they would be {word}; nothing was changed")


def _report(outcomes: list[Outcome], *, json: bool, **more: Any) -> None:
    if json:
        print_json({"messages": [it.as_row() for it in outcomes], "dry_run": False, **more})
        return
    _print(it.as_row() for it in outcomes)
    console.print(f"{sum(it.done != 'left' for it in outcomes)} of {len(outcomes)} done")
    for name, value in more.items():
        if value is not None:
            console.print(escape(f"{name}: {value}"), soft_wrap=True)


def _summary(shown: int, counts: dict[QueueName, int]) -> str:
    there = ", ".join(f"about {count} on the {name} DLQ" for name, count in counts.items())
    return f"{shown} shown; {there}. SQS shows no more than the first ten of a creator at a time"


def _print(rows: Iterable[dict[str, Any]]) -> None:
    """Print two lines a message: which one, and why it is there."""
    for row in islice(rows, MOST_PRINTED):
        job = f"job {row['job_id'][:12]}" if row["job_id"] else "no job"
        what = "  ".join(filter(None, [job, row["creator_id"], row["action"], row["at"]]))
        console.print(f"{row['queue']:<9}  [bold]{escape(row['message_id'][:8])}[/]  {escape(what)}", soft_wrap=True)
        why = [row["error_class"], row["status"], row["reason"], *filter(None, [row.get("done"), row.get("why")])]
        console.print(f"{'':<11}{escape('  '.join(filter(None, why)))}", soft_wrap=True)


def _texts(letter: DeadLetter) -> dict[str, str]:
    return {name: letter.attribute(name) or "(binary)" for name in letter.attributes}
