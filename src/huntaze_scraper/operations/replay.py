"""Dead letters on their way back: in order within each creator, a copy safe before anything is deleted.

A replay goes to the ingress queue, so that the limiter takes it against the bucket once more. That queue keeps no
order: the next job of a creator is sent when the limiter has given the one before it its place.

Two letters may hold the same job, in one queue or in both. The first is sent, and with the mark of a replay, so that
it is carried out whatever the limiter knows of the job; only then are the others copies.
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any

from huntaze_scraper.operations.dead_letter_queue import DeadLetterQueue
from huntaze_scraper.operations.dead_letters import DeadLetter, Outcome, Selection
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.target import Target
from huntaze_scraper.queues.limits import FIFO_DEDUPLICATION_MS
from huntaze_scraper.state.job_entry import JobEntry
from huntaze_scraper.state.keys import Kind

PATIENCE = timedelta(minutes=5)
"""How long the limiter may take to give a job its place, by the cloud's clock."""
FORGOTTEN_AFTER = timedelta(milliseconds=FIFO_DEDUPLICATION_MS, seconds=5)
"""For so long after a job was forwarded, limiter and workflows queue take it for a copy and drop it."""
LOOK_AGAIN_SECONDS = 0.2
IN_HAND = "somebody else has it in hand"
BEHIND = "somebody else has one in hand that goes before it"

type Reservation = dict[str, Any]
"""A job's place as the state table holds it; empty where the limiter knows none."""


class Replay:
    """Sends dead letters back to the ingress queue."""

    def __init__(self, target: Target, tell: Callable[[str], None] = lambda _: None) -> None:
        """Use the pipeline; ``tell`` is called with a short line at each step."""
        self._target = target
        self._tell = tell
        self._sent: set[str] = set()
        self._left: set[str] = set()
        """Messages that were told of, and stay."""
        self._stopped: set[str] = set()
        """Creators of whom a message stays that was meant to go first."""

    def run(self, queue: DeadLetterQueue, selection: Selection) -> Iterator[Outcome]:
        """Replay what is meant, oldest first within each creator, and tell what became of each message.

        Raises:
            TellOperator: the limiter takes nothing; the rest is still in the queue.
        """
        self._stopped.clear()
        began = self._target.now() + timedelta(seconds=1)  # told to the second
        while True:
            with queue.held() as letters:
                # What died since is left alone: a job that fails at once would be replayed for ever.
                todo = [
                    it for it in letters if it.at < began and selection.takes(it) and it.message_id not in self._left
                ]
                for wave in _waves(todo):
                    yield from self._wave(queue, wave)
            # Behind the first ten of a group there may be more of it.
            if not todo:
                return

    def why_not(self, letter: DeadLetter) -> str:
        """Say why a replay of it would do nothing, if it would do nothing."""
        if refusal := letter.refusal():
            return f"the limiter would set it aside again: {refusal}"
        if JobEntry.read(self._target.state.get(Kind.JOB.key(letter.job_id))).is_final:
            return "the job is done already: drop it"
        return ""

    def _wave(self, queue: DeadLetterQueue, wave: Sequence[DeadLetter]) -> Iterator[Outcome]:
        """Send one message of each creator, and wait until the limiter has given each its place."""
        queue.keep_all()
        todo: list[DeadLetter] = []
        for letter in wave:
            if letter.creator in self._stopped:
                yield self._leave(letter, BEHIND)
            elif letter.job_id not in self._sent and (why := self.why_not(letter)):
                yield self._leave(letter, why)
            else:
                todo.append(letter)
        before = self._await_forgotten(queue, {it.job_id for it in todo} - self._sent)
        sent: dict[str, Reservation] = {}
        for letter in todo:
            if not queue.keep(letter):
                self._stopped.add(letter.creator)
                yield self._leave(letter, IN_HAND)
                continue
            is_copy = letter.job_id in self._sent
            if not is_copy:
                self._send(letter)
                self._sent.add(letter.job_id)
                sent[letter.job_id] = before[letter.job_id]
            queue.delete(letter)
            yield Outcome(letter=letter, done="copy removed" if is_copy else "replayed")
        self._await_places(queue, sent)

    def _leave(self, letter: DeadLetter, why: str) -> Outcome:
        self._left.add(letter.message_id)
        return Outcome(letter=letter, done="left", why=why)

    def _send(self, letter: DeadLetter) -> None:
        self._target.clients.sqs.send_message(
            QueueUrl=self._target.ingress_queue_url,
            MessageBody=letter.body,
            MessageAttributes=letter.attributes_as_sent(self._target.now()),
        )

    def _await_forgotten(self, queue: DeadLetterQueue, job_ids: Collection[str]) -> dict[str, Reservation]:
        """Wait until neither the limiter nor the workflows queue would take any of them for a copy."""
        while True:
            reservations = {job_id: self._reservation(job_id) for job_id in job_ids}
            # Where it was not noted that a job went, the limiter may be about to note it: look again afterwards.
            moments = (_number(it, at) for it in reservations.values() for at in ("granted_at", "forwarded_at"))
            forgotten_at = max(moments, default=0) / 1000 + FORGOTTEN_AFTER.total_seconds()
            if self._target.now().timestamp() > forgotten_at:
                return reservations
            while (left := forgotten_at - self._target.now().timestamp()) >= 0:
                self._tell(f"forwarded a moment ago: waiting {left:.0f} s more, or it is taken for a copy")
                queue.keep_all()
                time.sleep(LOOK_AGAIN_SECONDS)

    def _await_places(self, queue: DeadLetterQueue, sent: dict[str, Reservation]) -> None:
        # One that has a place and never went keeps its place.
        waiting = {job_id: it for job_id, it in sent.items() if not it or "forwarded_at" in it}
        since = self._target.now()
        while waiting := {job_id: it for job_id, it in waiting.items() if not self._has_new_place(job_id, it)}:
            if self._target.now() - since > PATIENCE:
                raise TellOperator(
                    f"the limiter has not taken {next(iter(waiting))[:12]} within {PATIENCE.total_seconds():.0f} s: "
                    "does it run? What was not replayed is still in the queue"
                )
            queue.keep_all()
            time.sleep(LOOK_AGAIN_SECONDS)

    def _has_new_place(self, job_id: str, before: Reservation) -> bool:
        return _number(self._reservation(job_id), "slot_at") != _number(before, "slot_at")

    def _reservation(self, job_id: str) -> Reservation:
        """Read a job's place, unless it has expired: the limiter knows no more than that either."""
        found = self._target.state.get(Kind.SLOT.key(job_id))
        return found if _number(found, "expires_at") > self._target.now().timestamp() else {}


def _waves(letters: Sequence[DeadLetter]) -> Iterator[list[DeadLetter]]:
    """Take the first of each creator, then the second of each, and so on."""
    creators: defaultdict[str, deque[DeadLetter]] = defaultdict(deque)
    for letter in letters:
        creators[letter.creator].append(letter)
    while creators:
        yield [line.popleft() for line in creators.values()]
        creators = defaultdict(deque, {name: line for name, line in creators.items() if line})


def _number(item: Reservation, name: str) -> int:
    return int(item.get(name, 0))
