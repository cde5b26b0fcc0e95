"""A queue's messages as the emulator noted them: seen without receiving any."""

import json
from collections.abc import Mapping
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


def read(run: Run, queue_url: str, *, last: int = 0, held: bool = False) -> list[Letter]:
    """Return a queue's messages, newest first: the last so many (0 for all), or only those that it still holds."""
    asked = {"queue": queue_url.rpartition("/")[2], "last": str(last), "held": str(int(held))}
    answer = http_client.get(f"{run.aws_endpoint_url}/_emulator/sqs/journal", params=asked).raise_for_status()
    return [Letter(it) for it in reversed(answer.json()["messages"])]
