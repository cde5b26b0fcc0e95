"""What a capture costs."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huntaze_scraper.operations.incident.bundle import Bundle
from huntaze_scraper.operations.incident.capture import capture
from huntaze_scraper.operations.incident.question import Question
from huntaze_scraper.operations.incident.writing import write_bundle
from huntaze_scraper.operations.target import Target


@dataclass(frozen=True, kw_only=True)
class Captured:
    """What one cost."""

    jobs: int
    seconds: float
    calls: int
    packed_bytes: int


def captured(target: Target, question: Question, tell: Callable[[str], None]) -> tuple[Bundle, Captured]:
    """Capture, write the bundle, and return it with what that cost."""
    with _counted(target) as calls, tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        bundle = capture(target, question, tell)
        file = Path(folder) / "incident.zip"
        write_bundle(bundle, file)
        seconds, size = round(time.monotonic() - begun, 1), file.stat().st_size
    return bundle, Captured(jobs=len(bundle.expected.jobs), seconds=seconds, calls=len(calls), packed_bytes=size)


@contextmanager
def _counted(target: Target) -> Iterator[list[str]]:
    """Note the name of every call to AWS."""
    calls: list[str] = []
    it = target.clients
    clients: Any = (it.autoscaling, it.cloudformation, it.cloudwatch, it.dynamodb, it.ecs, it.lambda_, it.logs, it.s3)
    events = [each.meta.events for each in (*clients, it.sqs)]

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    for each in events:
        each.register("before-call", note)
    try:
        yield calls
    finally:
        for each in events:
            each.unregister("before-call", note)
