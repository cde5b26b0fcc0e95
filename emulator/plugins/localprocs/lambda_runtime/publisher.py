"""One thread that tells CloudWatch of what functions wrote and took, so that no invocation waits for it."""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from localprocs.logs.batches import Event, fitting

LOG = logging.getLogger(__name__)

MAX_EVENTS = 1000


@dataclass(frozen=True)
class LogStream:
    """A stream, and the client that may write to it: Lambda writes with the function's role."""

    group: str
    name: str
    client: Callable[[], Any]

    def write(self, events: list[tuple[int, str]]) -> None:
        """Put events, and make the stream, and AWS's default group, where they are missing."""
        logs = self.client()
        last = 0
        entries: list[Event] = []
        for at, text in events:
            last = max(last, at)
            entries.append({"timestamp": last, "message": text})
        for batch in fitting(entries):
            try:
                logs.put_log_events(logGroupName=self.group, logStreamName=self.name, logEvents=batch)
            except logs.exceptions.ResourceNotFoundException:
                self._make(logs)
                logs.put_log_events(logGroupName=self.group, logStreamName=self.name, logEvents=batch)

    def _make(self, logs: Any) -> None:
        try:
            logs.create_log_stream(logGroupName=self.group, logStreamName=self.name)
        except logs.exceptions.ResourceNotFoundException:
            logs.create_log_group(logGroupName=self.group)
            logs.create_log_stream(logGroupName=self.group, logStreamName=self.name)


class Publisher:
    """Writes in order; what cannot be written is said in the emulator's log and dropped."""

    def __init__(self) -> None:
        """Start the thread."""
        self._queue: SimpleQueue[tuple[LogStream, int, str] | Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self._serve, name="lambda-publisher", daemon=True).start()

    def log(self, stream: LogStream, at: int, text: str) -> None:
        """Write an event; milliseconds since the epoch."""
        self._queue.put((stream, at, text))

    def run(self, task: Callable[[], None]) -> None:
        """Call it."""
        self._queue.put(task)

    def _serve(self) -> None:
        while True:
            items = [self._queue.get()]
            try:
                while len(items) < MAX_EVENTS:
                    items.append(self._queue.get_nowait())
            except Empty:
                pass
            streams: defaultdict[LogStream, list[tuple[int, str]]] = defaultdict(list)
            for item in items:
                if isinstance(item, tuple):
                    streams[item[0]].append(item[1:])
                else:
                    _attempt(item)
            for stream, events in streams.items():
                _attempt(lambda stream=stream, events=events: stream.write(events))  # type: ignore[misc]


def _attempt(task: Callable[[], None]) -> None:
    try:
        task()
    except Exception as error:  # noqa: BLE001 - a log that cannot be written must not stop the next one
        LOG.warning("Lambda could not tell CloudWatch: %s", error)
