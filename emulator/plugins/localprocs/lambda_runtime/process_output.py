"""What a runtime process writes, as log events: a line each from stdout and stderr, a frame each from the logger."""

import os
import selectors
import struct
import threading
import time
from collections.abc import Callable, Iterator

FRAME_HEADER = struct.Struct(">IIq")
"""awslambdaric's frame: type, length, time in microseconds."""

type Emit = Callable[[int, str], None]
"""Takes an event: milliseconds since the epoch, text."""


class ProcessOutput:
    """Two pipes, read as they fill by a thread of their own, or at once by ``drain``."""

    def __init__(self, emit: Emit) -> None:
        """Open the pipes."""
        self._emit = emit
        self._lock = threading.Lock()
        self._lines, self.lines_fd = os.pipe()
        self._frames, self.frames_fd = os.pipe()
        self._open = {self._lines: LineBuffer(), self._frames: FrameBuffer()}
        for each in self._open:
            os.set_blocking(each, False)

    def started(self) -> None:
        """The process has its ends of the pipes: let go of ours and begin to read."""
        os.close(self.lines_fd)
        os.close(self.frames_fd)
        threading.Thread(target=self._pump, name="lambda-output", daemon=True).start()

    def drain(self, *, all_of_it: bool = False) -> None:
        """Emit all that was written until now; with ``all_of_it`` also a line that has no end yet."""
        with self._lock:
            for each in list(self._open):
                self._read(each)
                if all_of_it and each in self._open:
                    self._send(self._open[each].rest())

    def _pump(self) -> None:
        with selectors.DefaultSelector() as selector:
            for each in self._open:
                selector.register(each, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    with self._lock:
                        self._read(key.fd)
                        if key.fd not in self._open:
                            selector.unregister(key.fd)
                            os.close(key.fd)

    def _read(self, pipe: int) -> None:
        while pipe in self._open:
            try:
                data = os.read(pipe, 65536)
            except BlockingIOError:
                return
            if data:
                self._send(self._open[pipe].add(data))
            else:
                self._send(self._open.pop(pipe).rest())

    def _send(self, events: Iterator[tuple[int, str]]) -> None:
        for at, text in events:
            if text.strip():
                self._emit(at, text)


class LineBuffer:
    """Cuts bytes into lines."""

    def __init__(self) -> None:
        """Begin empty."""
        self._pending = b""

    def add(self, data: bytes) -> Iterator[tuple[int, str]]:
        """Yield the lines that the data completes."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        now = int(time.time() * 1000)
        for line in lines:
            yield now, line.decode(errors="replace") + "\n"

    def rest(self) -> Iterator[tuple[int, str]]:
        """Yield what has no end."""
        pending, self._pending = self._pending, b""
        if pending:
            yield int(time.time() * 1000), pending.decode(errors="replace")


class FrameBuffer:
    """Cuts bytes into awslambdaric's telemetry frames."""

    def __init__(self) -> None:
        """Begin empty."""
        self._pending = b""

    def add(self, data: bytes) -> Iterator[tuple[int, str]]:
        """Yield the messages that the data completes."""
        self._pending += data
        while len(self._pending) >= FRAME_HEADER.size:
            _, length, microseconds = FRAME_HEADER.unpack_from(self._pending)
            end = FRAME_HEADER.size + length
            if len(self._pending) < end:
                return
            message, self._pending = self._pending[FRAME_HEADER.size : end], self._pending[end:]
            yield microseconds // 1000, message.decode(errors="replace")

    def rest(self) -> Iterator[tuple[int, str]]:
        """Yield nothing: half a frame is no message."""
        return iter(())
