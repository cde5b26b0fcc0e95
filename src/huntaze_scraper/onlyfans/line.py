"""A connection that is watched: what waits on it in one thread is ended from another."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LEAST_BYTES = 16 * 1024
"""What must come in each of a host's time-outs."""


class Stopped(Exception):
    """Nobody waits for the file any more."""


class Line:
    """The connection under a fetch.

    A socket's own time-out is on silence: a host that sends a byte now and then, of headers or of a body, keeps
    a read waiting for ever. So the time that is waited for it is counted here, and whoever watches may cut it off.
    """

    def __init__(self, seconds: float) -> None:
        """Let the host take ``seconds`` for each ``LEAST_BYTES``, the first of them with headers and all."""
        self._seconds = self._left = seconds
        self._until = float("inf")
        self._got = 0
        self._held: socket.socket | None = None
        self._lock = threading.Lock()
        self.is_cut = False

    @property
    def seconds_left(self) -> float:
        """How long the host may be waited for yet; infinite while it is not waited for."""
        return self._until - time.monotonic()

    def hold(self, held: socket.socket) -> None:
        """Take the connection that is to be cut."""
        with self._lock:
            self._held = held
            if self.is_cut:
                raise Stopped

    def cut(self) -> None:
        """End the connection, and with it whatever waits on it."""
        with self._lock:
            self.is_cut = True
            if self._held is not None:
                with suppress(OSError):
                    # Not SSLSocket's own method, which also takes TLS from under the thread that reads.
                    socket.socket.shutdown(self._held, socket.SHUT_RDWR)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time that is spent inside against the host."""
        began = time.monotonic()
        self._until = began + self._left
        try:
            yield
        finally:
            self._until = float("inf")
            self._left -= time.monotonic() - began
        if self.is_cut:
            raise Stopped

    def got(self, size: int) -> None:
        """Take note of bytes that came."""
        self._got += size
        if self._got >= LEAST_BYTES:
            self._got, self._left = 0, self._seconds
