"""Dead letters on their way back, and out: in order within each creator, a copy safe before anything is deleted.

A replay goes to the ingress queue, so that the limiter takes it against the bucket once more. That queue keeps no
order: the next job of a creator is sent when the limiter has given the one before it its place.
"""

import base64
import json
import os
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from emulator.harness.dead_letter_queue import DeadLetterQueue
from emulator.harness.dead_letters import DeadLetter, Outcome, Selection
from emulator.harness.errors import HarnessError
from emulator.harness.target import Target
from huntaze_scraper.rate_limiter.turns import FIFO_DEDUPLICATION_MS

PATIENCE = timedelta(minutes=5)
"""How long the limiter may take to give a job its place, by the cloud's clock."""
FORGOTTEN_AFTER = timedelta(milliseconds=FIFO_DEDUPLICATION_MS, seconds=5)
"""For so long after a job was forwarded, limiter and workflows queue take it for a copy and drop it."""
ROUND = 1000
LOOK_AGAIN_SECONDS = 0.2


class Replay:
    """Sends dead letters back to the ingress queue."""

    def __init__(self, target: Target, tell: Callable[[str], None] = lambda _: None) -> None:
        """Use the pipeline; ``tell`` is called with a short line at each step."""
        self._target = target
        self._tell = tell
        self._sent: set[str] = set()

    def run(self, queue: DeadLetterQueue, selection: Selection) -> Iterator[Outcome]:
        """Replay what is meant, oldest first within each creator, and tell what became of each message.

        Raises:
            HarnessError: the limiter takes nothing; the rest is still in the queue.
        """
        is_first, began = True, self._target.now() + timedelta(seconds=1)  # told to the second
        while True:
            with queue.held(ROUND) as letters:
                # What died since is left alone: a job that fails at once would be replayed for ever.
                meant = [letter for letter in letters if letter.at < began and selection.takes(letter)]
                todo, finished = _split(meant, self._is_finished)
                if is_first:
                    yield from (
                        Outcome(letter=it, done="left", why="the job is done already: drop it") for it in finished
                    )
                is_first = False
                for wave in _waves(todo):
                    yield from self._wave(queue, wave)
            # Behind the first ten of a group there may be more of it.
            if not todo:
                return

    def _wave(self, queue: DeadLetterQueue, wave: Sequence[DeadLetter]) -> Iterator[Outcome]:
        """Send one message of each group, and wait until the limiter has given each its place."""
        before = {
            letter.job_id: self._reservation(letter)
            for letter in wave
            if letter.queue == "workflows" and letter.job_id not in self._sent
        }
        self._await_forgotten(queue, before.values())
        placed: dict[str, int] = {}
        for letter in wave:
            if not queue.keep(letter):
                yield Outcome(letter=letter, done="left", why="somebody else has it in hand")
                continue
            is_copy = bool(letter.job_id) and letter.job_id in self._sent
            if not is_copy:
                self._send(letter)
                self._sent.add(letter.job_id)
                if letter.job_id in before and letter.job_id:
                    placed[letter.job_id] = _number(before[letter.job_id])
            queue.delete(letter)
            yield Outcome(letter=letter, done="copy removed" if is_copy else "replayed")
        self._await_places(queue, placed)

    def _send(self, letter: DeadLetter) -> None:
        self._target.clients.sqs.send_message(
            QueueUrl=self._target.ingress_queue_url,
            MessageBody=letter.body,
            MessageAttributes=letter.attributes_as_sent(self._target.now()),
        )

    def _await_forgotten(self, queue: DeadLetterQueue, reservations: Any) -> None:
        """Wait until neither the limiter nor the workflows queue would take any of them for a copy."""
        last = max((int(it["forwarded_at"]["N"]) for it in reservations if "forwarded_at" in it), default=0)
        while (now := self._target.now()).timestamp() <= last / 1000 + FORGOTTEN_AFTER.total_seconds():
            left = last / 1000 + FORGOTTEN_AFTER.total_seconds() - now.timestamp()
            self._tell(f"forwarded a moment ago: waiting {left:.0f} s more, or it is taken for a copy")
            queue.keep_all(now)
            time.sleep(LOOK_AGAIN_SECONDS)

    def _await_places(self, queue: DeadLetterQueue, placed: dict[str, int]) -> None:
        waiting, since = dict(placed), self._target.now()
        while waiting := {job_id: before for job_id, before in waiting.items() if self._place(job_id) <= before}:
            now = self._target.now()
            if now - since > PATIENCE:
                raise HarnessError(
                    f"the limiter has not taken {next(iter(waiting))[:12]} within {PATIENCE.total_seconds():.0f} s: "
                    "does it run? What was not replayed is still in the queue"
                )
            queue.keep_all(now)
            time.sleep(LOOK_AGAIN_SECONDS)

    def _place(self, job_id: str) -> int:
        return _number(self._item(f"slot#{job_id}"))

    def _reservation(self, letter: DeadLetter) -> dict[str, Any]:
        return self._item(f"slot#{letter.job_id}") if letter.job_id else {}

    def _is_finished(self, letter: DeadLetter) -> bool:
        """Tell whether the ledger would drop the job: a replay of it does nothing."""
        entry = self._item(f"job#{letter.job_id}") if letter.job_id else {}
        return entry.get("state", {}).get("S") in ("done", "rejected")

    def _item(self, key: str) -> dict[str, Any]:
        answer = self._target.clients.dynamodb.get_item(
            TableName=self._target.state_table, Key={"pk": {"S": key}}, ConsistentRead=True
        )
        return dict(answer.get("Item", {}))


def drop(queue: DeadLetterQueue, selection: Selection, kept: Path) -> Iterator[Outcome]:
    """Delete what is meant, after a copy of it is safe in the file: one JSON object a line, with body and attributes."""
    while True:
        with queue.held(ROUND) as letters:
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
        for letter in letters:
            whole = letter.as_row() | {"body": letter.body, "attributes": letter.attributes}
            file.write(json.dumps(whole, default=_binary) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _binary(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _split(
    letters: Sequence[DeadLetter], is_finished: Callable[[DeadLetter], bool]
) -> tuple[list[DeadLetter], list[DeadLetter]]:
    todo: list[DeadLetter] = []
    finished: list[DeadLetter] = []
    for letter in letters:
        (finished if is_finished(letter) else todo).append(letter)
    return todo, finished


def _waves(letters: Sequence[DeadLetter]) -> Iterator[list[DeadLetter]]:
    """Take the first of each group, then the second of each, and so on; what has no group goes one by one, in order."""
    groups: defaultdict[str, deque[DeadLetter]] = defaultdict(deque)
    for letter in letters:
        groups[letter.group_id].append(letter)
    while groups:
        yield [group.popleft() for group in groups.values()]
        groups = defaultdict(deque, {name: group for name, group in groups.items() if group})


def _number(reservation: dict[str, Any]) -> int:
    return int(reservation.get("number", {}).get("N", 0))
