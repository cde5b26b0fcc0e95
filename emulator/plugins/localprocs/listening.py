"""A server that sleeps until somebody connects: the standard library's looks several times a second whether to stop."""

import contextlib
import socket
from socketserver import TCPServer


class QuietServer(TCPServer):
    """Serves until ``shutdown``, which may be called from any thread, and before it serves."""

    _is_stopping = False

    def serve_forever(self, poll_interval: float = 0.0) -> None:
        """Serve; nothing is polled."""
        del poll_interval
        while not self._is_stopping:
            self._handle_request_noblock()  # type: ignore[attr-defined]

    def shutdown(self) -> None:
        """End the wait for connections."""
        self._is_stopping = True
        with contextlib.suppress(OSError):  # when it has ended already
            self.socket.shutdown(socket.SHUT_RDWR)
