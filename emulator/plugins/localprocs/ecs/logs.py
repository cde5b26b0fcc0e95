"""The awslogs driver: a container's output, in batches, to a stream of CloudWatch Logs."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import IO

from localprocs.ecs.errors import StartFailure
from localprocs.ecs.model import Json

LOG = logging.getLogger(__name__)

BATCH_SECONDS = 1.0
BATCH_EVENTS = 10_000
BATCH_BYTES = 1_048_576
LONGEST_SPAN_MILLIS = 24 * 3600 * 1000
"""No batch may hold more time than a day; a clock that jumps can leave more between two lines."""
EVENT_OVERHEAD_BYTES = 26
LINE_BYTES = 256 * 1024 - EVENT_OVERHEAD_BYTES
"""A longer line is cut into several events, as Docker's driver does."""
BUFFER_BYTES = 10 * 1024 * 1024
REST = 4
"""Pause this many times as long as a batch took, so that a flood does not keep the emulator busy with nothing else."""

type Event = Json
type Put = Callable[[list[Event]], None]


@dataclass(frozen=True)
class LogTarget:
    """Where a container's output goes."""

    group: str
    region: str
    stream: str
    create_group: bool = False
    blocking: bool = False
    buffer_bytes: int = BUFFER_BYTES

    @classmethod
    def of(cls, definition: Json, task_id: str, region: str) -> "LogTarget | None":
        """Read the logConfiguration; None where there is none, or another driver's.

        Raises:
            StartFailure: an option that awslogs on Fargate needs is missing.
        """
        configuration = definition.get("logConfiguration") or {}
        if configuration.get("logDriver") != "awslogs":
            return None
        options: Mapping[str, str] = configuration.get("options") or {}
        for needed in ("awslogs-group", "awslogs-stream-prefix"):
            if not options.get(needed):
                raise StartFailure(f"ResourceInitializationError: failed to validate logger args: {needed} is missing")
        return cls(
            options["awslogs-group"],
            options.get("awslogs-region", region),
            f"{options['awslogs-stream-prefix']}/{definition['name']}/{task_id}",
            create_group=options.get("awslogs-create-group") == "true",
            blocking=options.get("mode") == "blocking",
            buffer_bytes=_size(options.get("max-buffer-size", "10m")),
        )


class LogShipper:
    """Reads lines from a pipe and puts them in batches; ``close`` waits until the last one is put."""

    def __init__(self, source: IO[bytes], target: LogTarget | None, put: Put) -> None:
        """Begin to read."""
        self._source = source
        self._target = target
        self._put = put
        self._events: deque[tuple[int, bytes]] = deque()
        self._bytes = 0
        self._dropped = 0
        self._ended = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=work, name="ecs-logs", daemon=True) for work in (self._read, self._ship)
        ]
        for thread in self._threads:
            thread.start()

    def close(self, timeout: float) -> None:
        """Wait for the end of the output and the last batch."""
        for thread in self._threads:
            thread.join(timeout)

    def _read(self) -> None:
        try:
            while line := self._source.readline(LINE_BYTES):
                self._add(line.rstrip(b"\r\n"))
        except (OSError, ValueError):
            pass
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
            self._source.close()

    def _add(self, line: bytes) -> None:
        if not line or self._target is None:
            return
        with self._changed:
            while self._target.blocking and self._bytes > self._target.buffer_bytes:
                self._changed.wait()
            if self._bytes > self._target.buffer_bytes:
                self._dropped += 1
                return
            self._events.append((int(time.time() * 1000), line))
            self._bytes += len(line) + EVENT_OVERHEAD_BYTES
            if len(self._events) == 1 or self._is_full():
                self._changed.notify_all()

    def _ship(self) -> None:
        while batch := self._next_batch():
            begun = time.monotonic()
            try:
                self._put(batch)
            except Exception as error:  # noqa: BLE001 - logs must not end a task
                LOG.warning("%d log lines were lost: %s", len(batch), error)
            self._rest(REST * (time.monotonic() - begun))
        if self._dropped and self._target:
            LOG.warning("%d lines of %s were dropped: its buffer was full", self._dropped, self._target.stream)

    def _next_batch(self) -> list[Event]:
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._ended)
            if not self._ended:
                self._changed.wait_for(lambda: self._ended or self._is_full(), BATCH_SECONDS)
            batch: list[Event] = []
            size = 0
            for moment, line in islice(self._events, BATCH_EVENTS):
                size += len(line) + EVENT_OVERHEAD_BYTES
                if batch and (size > BATCH_BYTES or moment - batch[0]["timestamp"] > LONGEST_SPAN_MILLIS):
                    break
                batch.append({"timestamp": moment, "message": line.decode(errors="replace")})
            for _ in batch:
                self._bytes -= len(self._events.popleft()[1]) + EVENT_OVERHEAD_BYTES
            self._changed.notify_all()
            return batch

    def _is_full(self) -> bool:
        limit = min(BATCH_BYTES, self._target.buffer_bytes) if self._target else BATCH_BYTES
        return self._bytes >= limit or len(self._events) >= BATCH_EVENTS

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._ended, seconds)


def _size(text: str) -> int:
    units = {"k": 1024, "m": 1024**2, "g": 1024**3}
    number, unit = (text[:-1], text[-1].lower()) if text[-1:].isalpha() else (text, "")
    return int(number) * units.get(unit, 1) if number.isdecimal() else BUFFER_BYTES
