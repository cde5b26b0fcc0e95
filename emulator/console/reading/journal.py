"""A queue's messages as the emulator noted them: seen without receiving any."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from emulator.harness.clients import http_client
from emulator.harness.run_file import Run
from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob


@dataclass(frozen=True)
class Letter:
    """A message that a queue accepted."""

    raw: Mapping[str, Any]

    @property
    def id(self) -> str:
        """SQS's message id."""
        return str(self.raw["message_id"])

    @property
    def number(self) -> int:
        """How many were sent to the queue before it."""
        return int(self.raw["number"])

    @property
    def body(self) -> str:
        """What was sent."""
        return str(self.raw["body"])

    @property
    def sent(self) -> float:
        """When (seconds since the epoch)."""
        return float(self.raw["sent"])

    @property
    def first_received(self) -> float:
        """When it was first given out; 0 for not yet."""
        return float(self.raw["first_received"] or 0)

    @property
    def hidden_until(self) -> float:
        """Until when it is not given out; 0 where it may be now."""
        return float(self.raw.get("hidden_until") or 0)

    @property
    def receives(self) -> int:
        """How often it was given out."""
        return int(self.raw["receive_count"])

    @property
    def is_held(self) -> bool:
        """Whether the queue still has it."""
        return not self.raw["deleted"]

    @property
    def attributes(self) -> Mapping[str, str]:
        """Its attributes' texts."""
        return {name: str(text) for name, text in self.raw["attributes"].items() if text is not None}

    @cached_property
    def job(self) -> "jobs.Job | None":
        """The job in it, if its body is one."""
        try:
            return jobs.parse(self.body)
        except InvalidJob:
            return None

    @property
    def deduplication_id(self) -> str:
        """A FIFO queue's; empty on others."""
        return str(self.raw["deduplication_id"] or "")

    @property
    def group_id(self) -> str:
        """A FIFO queue's; empty on others."""
        return str(self.raw["group_id"] or "")

    @property
    def pretty(self) -> str:
        """The body for reading: indented where it is JSON."""
        try:
            return json.dumps(json.loads(self.body), indent=2, ensure_ascii=False)
        except ValueError:
            return self.body


def read(run: Run, queue_url: str, **which: str | int) -> list[Letter]:
    """Return a queue's messages, newest first: all, or those that the emulator's journal takes the words for."""
    return _ask(run, queue_url, which)[0]


def held(run: Run, queue_url: str, *, most: int) -> tuple[list[Letter], int]:
    """Return what a queue holds, newest first, so many at most, and how many there are in all."""
    return _ask(run, queue_url, {"held": 1, "last": most})


def oldest(run: Run, queue_url: str) -> Letter | None:
    """Return the oldest message that a queue holds."""
    return next(iter(read(run, queue_url, held=1, first=1)), None)


def newest(run: Run, queue_url: str, skip: int, batch: int) -> Iterator[list[Letter]]:
    """Return what was ever sent, newest first, after so many, in batches that are asked for as they are wanted."""
    letters = read(run, queue_url, last=batch, until=-skip)
    while letters:
        yield letters
        letters = read(run, queue_url, last=batch, until=letters[-1].number) if letters[-1].number else []


def _ask(run: Run, queue_url: str, which: Mapping[str, str | int]) -> tuple[list[Letter], int]:
    asked = {"queue": queue_url.rpartition("/")[2], **which}
    answer = http_client.get(f"{run.aws_endpoint_url}/_emulator/sqs/journal", params=asked).raise_for_status().json()
    return [Letter(it) for it in reversed(answer["messages"])], int(answer["count"])
