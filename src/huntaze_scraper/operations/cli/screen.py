"""What the command line shows: progress and tables on stderr, JSON alone on stdout."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

console = Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """Print one JSON object on stdout."""
    print(json.dumps(value))  # noqa: T201 - the one thing that belongs on stdout


def complain(text: str) -> None:
    """Show an error."""
    console.print(f"[bold red]huntaze:[/] {escape(text)}", soft_wrap=True)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show the current step with a spinner; yield what sets it."""
    if quiet or not console.is_terminal:
        yield (lambda _: None) if quiet else lambda text: console.print(f"  {text}")
        return
    with console.status("starting") as status:
        yield status.update
