"""Dead letters, which were set aside: list, show, replay, drop."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from huntaze_scraper.operations import moments
from huntaze_scraper.operations.cli.options import Aws, Json, Meant, shared
from huntaze_scraper.operations.cli.screen import console, print_json, progress
from huntaze_scraper.operations.dead_letter_queue import MOST, DeadLetterQueue
from huntaze_scraper.operations.dead_letters import QUEUES, DeadLetter, Outcome, QueueName, Selection
from huntaze_scraper.operations.dropping import drop as drop_letters
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.replay import Replay
from huntaze_scraper.operations.target import Target

Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this nothing is changed.")]

MOST_PRINTED = 200

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=__doc__)


@app.command("list")
@shared
def list_(
    context: typer.Context,
    meant: Meant,
    limit: Annotated[int, typer.Option(min=1, help="How many messages of each queue to look at.")] = 1000,
    *,
    aws: Aws = False,
    json: Json = False,
) -> None:
    """List what lies in the dead-letter queues. It is hidden for a moment, and put back."""
    target = context.obj.chosen(aws=aws)
    selection = _selection(target, meant)
    look = _look(target, selection, limit)
    if json:
        print_json({"messages": [it.as_row() for it in look.found], **look.as_row()})
        return
    _print([it.as_row() for it in look.found])
    console.print(f"{len(look.found)} shown; {look.there}")
    _tell_unseen(look.unseen)


@app.command()
def show(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="A message id or job id, or its beginning.")],  # noqa: A002 - as on the screen
    *,
    aws: Aws = False,
) -> None:
    """Show one message whole, as JSON on stdout: attributes and body, which holds a creator's words."""
    target = context.obj.chosen(aws=aws)
    found = _look(target, Selection(ids=(id,))).found
    if not found:
        raise TellOperator(f"no message that can be seen now begins with {id}")
    print_json({"messages": [it.as_row() | {"body": it.body, "attributes": _texts(it)} for it in found]})


@app.command("replay")
@shared
def replay_(
    context: typer.Context,
    meant: Meant,
    *,
    yes: Yes = False,
    aws: Aws = False,
    json: Json = False,
) -> None:
    """Send messages back to the ingress queue, in order within each creator; the limiter takes them as new ones."""
    target = context.obj.chosen(aws=aws)
    selection = _selection(target, meant)
    if not yes:
        _rehearse(target, selection, "replayed", Replay(target).why_not, json=json)
        return
    report = _Report(target, selection)
    try:
        with progress(quiet=json) as tell:
            again = Replay(target, tell)
            report.follow(lambda queue: again.run(queue, selection))
    finally:
        report.print(json=json)


@app.command()
@shared
def drop(
    context: typer.Context,
    meant: Meant,
    keep: Annotated[Path | None, typer.Option(help="The file for the copies, mode 600; a new one without it.")] = None,
    *,
    yes: Yes = False,
    aws: Aws = False,
    json: Json = False,
) -> None:
    """Delete messages for good, after a copy of each lies in a file on this machine."""
    target = context.obj.chosen(aws=aws)
    selection = _selection(target, meant)
    if not yes:
        _rehearse(target, selection, "dropped", lambda _: "", json=json)
        return
    path = keep or context.obj.folder.expanduser() / "dropped" / f"{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    report = _Report(target, selection)
    try:
        with progress(quiet=json):
            report.follow(lambda queue: drop_letters(queue, selection, path))
    finally:
        report.print(json=json, copies=str(path) if report.outcomes else None)


def _selection(target: Target, meant: Meant) -> Selection:
    if meant.queue not in ("", *QUEUES):
        raise TellOperator(f"there is no queue {meant.queue!r}; there are {' and '.join(QUEUES)}")
    now = target.now()
    return Selection(
        queues=tuple(name for name in QUEUES if meant.queue in ("", name)),
        error_class=meant.error_class,
        creator=meant.creator,
        since=moments.parse(meant.since, now) if meant.since else None,
        until=moments.parse(meant.until, now) if meant.until else None,
        ids=tuple(meant.ids or ()),
    )


@dataclass(frozen=True)
class _Look:
    """What can be seen now."""

    found: list[DeadLetter]
    counts: dict[QueueName, int]
    unseen: dict[QueueName, int]

    @property
    def there(self) -> str:
        return ", ".join(f"about {count} on the {name} DLQ" for name, count in self.counts.items())

    def as_row(self) -> dict[str, Any]:
        return {"counts": self.counts, "unseen": self.unseen}


def _look(target: Target, selection: Selection, limit: int = MOST) -> _Look:
    found: list[DeadLetter] = []
    queues = [DeadLetterQueue(target, name) for name in selection.queues]
    counts = {queue.name: queue.count() for queue in queues}
    for queue in queues:
        with queue.held(limit) as letters:
            found.extend(filter(selection.takes, letters))
    return _Look(found, counts, {queue.name: queue.unseen for queue in queues})


def _rehearse(
    target: Target, selection: Selection, word: str, why_not: Callable[[DeadLetter], str], *, json: bool
) -> None:
    look = _look(target, selection)
    rows = [it.as_row() | {"why": why_not(it) or None} for it in look.found]
    if json:
        print_json({"messages": rows, **look.as_row(), "dry_run": True})
        return
    _print(rows)
    meant = sum(not row["why"] for row in rows)
    console.print(f"{len(rows)} shown; {look.there}. With --yes {meant} would be {word}; nothing was changed")
    _tell_unseen(look.unseen)


class _Report:
    """What was done, which is told where it was cut off as well."""

    def __init__(self, target: Target, selection: Selection) -> None:
        self.outcomes: list[Outcome] = []
        self._queues = [DeadLetterQueue(target, name) for name in selection.queues]

    def follow(self, act: Callable[[DeadLetterQueue], Iterator[Outcome]]) -> None:
        for queue in self._queues:
            for outcome in act(queue):
                self.outcomes.append(outcome)

    def print(self, *, json: bool, **more: Any) -> None:
        unseen = {queue.name: queue.unseen for queue in self._queues}
        rows = [it.as_row() for it in self.outcomes]
        if json:
            print_json({"messages": rows, "unseen": unseen, "dry_run": False, **more})
            return
        _print(rows)
        console.print(f"{sum(it.done != 'left' for it in self.outcomes)} of {len(rows)} done")
        _tell_unseen(unseen)
        for name, value in more.items():
            if value is not None:
                console.print(escape(f"{name}: {value}"), soft_wrap=True)


def _tell_unseen(unseen: dict[QueueName, int]) -> None:
    for name, count in unseen.items():
        if count:
            console.print(
                f"about {count} more on the {name} DLQ were not seen: behind the first ten of a creator, "
                "beyond --limit, or in somebody's hands",
                soft_wrap=True,
            )


def _print(rows: Sequence[dict[str, Any]]) -> None:
    """Print two lines a message: which one, and why it is there."""
    for row in rows[:MOST_PRINTED]:
        job = f"job {row['job_id'][:12]}" if row["job_id"] else "no job"
        what = "  ".join(filter(None, [job, row["creator_id"], row["action"], row["at"]]))
        console.print(f"{row['queue']:<9}  [bold]{escape(row['message_id'][:8])}[/]  {escape(what)}", soft_wrap=True)
        why = [row["error_class"], row["status"], row["reason"], *filter(None, [row.get("done"), row.get("why")])]
        console.print(f"{'':<11}{escape('  '.join(filter(None, why)))}", soft_wrap=True)
    if len(rows) > MOST_PRINTED:
        console.print(f"and {len(rows) - MOST_PRINTED} more: --json shows all")


def _texts(letter: DeadLetter) -> dict[str, str]:
    return {name: letter.attribute(name) or "(binary)" for name in letter.attributes}
