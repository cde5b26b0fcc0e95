"""Conversations between a creator and a fan: a history from the seed, then what was really sent."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

from fake_onlyfans.accounts import Account, Fan
from fake_onlyfans.chance import chance_of
from fake_onlyfans.words import CREATOR_LINES, FAN_LINES

HISTORY_ENDS = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
SENT_IDS_START = 9_000_000_000


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``author`` is "me" for the creator, else the fan's username; ``time`` is in epoch seconds."""

    id: str
    author: str
    text: str
    time: float

    def as_json(self) -> dict[str, str]:
        """Write the message as the site's API does."""
        written = datetime.fromtimestamp(self.time, UTC).isoformat(timespec="milliseconds")
        return {"id": self.id, "author": self.author, "text": self.text, "created_at": written.replace("+00:00", "Z")}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that the site took, with its two sides."""

    account: str
    fan: str
    message: Message


class Conversations:
    """All conversations of the site; each history is made when it is first looked at."""

    def __init__(self, seed: int, now: Callable[[], float]) -> None:
        """Begin with the histories of the seed; what is sent is dated by ``now``."""
        self.accepted: list[Accepted] = []
        self._seed = seed
        self._now = now
        self._threads: dict[tuple[str, str], list[Message]] = {}

    def thread(self, account: Account, fan: Fan) -> list[Message]:
        """Return the conversation, oldest message first."""
        key = (account.username, fan.username)
        if key not in self._threads:
            self._threads[key] = _history(self._seed, account, fan)
        return self._threads[key]

    def send(self, account: Account, fan: Fan, text: str) -> Message:
        """Take a message from the creator, exactly as it was written."""
        message = Message(str(SENT_IDS_START + len(self.accepted) + 1), "me", text, self._now())
        self.thread(account, fan).append(message)
        self.accepted.append(Accepted(account.username, fan.username, message))
        return message

    def forget(self, account: str, fan: str, message_id: str | None = None) -> None:
        """Delete a message, by default the last one, of a conversation that somebody has looked at."""
        thread = self._threads.get((account, fan), [])
        for message in reversed(thread):
            if message_id in (None, message.id):
                thread.remove(message)
                return

    def page(self, account: Account, fan: Fan, limit: int, before: str | None = None) -> tuple[list[Message], bool]:
        """Return up to ``limit`` messages older than ``before``, newest first, and whether there are older ones.

        Raises:
            KeyError: no message of this conversation has the id ``before``.
        """
        thread = self.thread(account, fan)
        end = len(thread) if before is None else _position(thread, before)
        start = max(0, end - limit)
        return thread[start:end][::-1], start > 0


def _position(thread: list[Message], message_id: str) -> int:
    for position in range(len(thread) - 1, -1, -1):
        if thread[position].id == message_id:
            return position
    raise KeyError(message_id)


def _number(name: str, below: int) -> int:
    """Return the number that a seed's name ends with, and for any other name one that is as good."""
    seeds = re.fullmatch(r"(?:creator|fan)-(\d{2,3})", name)
    return int(seeds[1]) if seeds else below // 2 + crc32(name.encode()) % (below // 2)


def _history(seed: int, account: Account, fan: Fan) -> list[Message]:
    chance = chance_of(seed, account.username, fan.username)
    first_id = _number(account.username, 900) * 10_000_000 + _number(fan.username, 1000) * 10_000
    moment = HISTORY_ENDS - chance.randint(0, 86_400)
    newest_first = []
    for number in range(fan.message_count, 0, -1):
        author, lines = chance.choice((("me", CREATOR_LINES), (fan.username, FAN_LINES)))
        newest_first.append(Message(str(first_id + number), author, chance.choice(lines), moment))
        moment -= chance.randint(20, 40_000)
    return newest_first[::-1]
