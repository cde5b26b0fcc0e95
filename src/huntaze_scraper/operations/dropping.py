"""Dead letters on their way out: a copy of each is safe in a file before it is deleted."""

import base64
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from huntaze_scraper.operations.dead_letter_queue import DeadLetterQueue
from huntaze_scraper.operations.dead_letters import DeadLetter, Outcome, Selection


def drop(queue: DeadLetterQueue, selection: Selection, kept: Path) -> Iterator[Outcome]:
    """Delete what is meant, after a copy of it is safe in the file: one JSON object a line, with body and attributes."""
    while True:
        with queue.held() as letters:
            meant = [letter for letter in letters if selection.takes(letter)]
            _keep(meant, kept)
            for letter in meant:
                queue.delete(letter)
                yield Outcome(letter=letter, done="dropped")
        if not meant:
            return


def _keep(letters: Sequence[DeadLetter], path: Path) -> None:
    if not letters:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Creators' words: for nobody else's eyes.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
        os.fchmod(file.fileno(), 0o600)  # it may have been there
        for letter in letters:
            whole = letter.as_row() | {"body": letter.body, "attributes": letter.attributes}
            file.write(json.dumps(whole, default=_binary) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _binary(value: bytes) -> str:
    return base64.b64encode(value).decode()
