"""The addresses that custom resources' functions answer to, and what came to them."""

import threading
import uuid


class Answers:
    """Each address takes one answer, as AWS's presigned one does."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        self._lock = threading.Lock()
        self._open: dict[str, bytes | None] = {}

    def open(self) -> str:
        """Return the token of a new address."""
        token = uuid.uuid4().hex
        with self._lock:
            self._open[token] = None
        return token

    def take(self, token: str, body: bytes) -> bool:
        """Keep what came to an address; False if nobody waits for it."""
        with self._lock:
            if token not in self._open:
                return False
            self._open[token] = body
            return True

    def come(self, token: str) -> bytes | None:
        """Return what came, if anything did, and close the address then."""
        with self._lock:
            if self._open.get(token) is None:
                return None
            return self._open.pop(token)

    def close(self, token: str) -> None:
        """Take no answer any more."""
        with self._lock:
            self._open.pop(token, None)


book = Answers()
