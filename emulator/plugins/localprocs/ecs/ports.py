"""Ports of this machine for containers that expect an interface of their own."""

import socket
import threading
from collections.abc import Iterable


class Ports:
    """Hands out ports; one that is handed out is not handed out again until it comes back."""

    def __init__(self) -> None:
        """Begin with none handed out."""
        self._lock = threading.Lock()
        self._taken: set[int] = set()

    def take(self, wanted: Iterable[int]) -> dict[int, int]:
        """Return a port for each wanted one: itself where it is free, else another."""
        with self._lock:
            return {port: self._take_one(port) for port in wanted}

    def give_back(self, ports: Iterable[int]) -> None:
        """Take ports back."""
        with self._lock:
            self._taken.difference_update(ports)

    def _take_one(self, wanted: int) -> int:
        port = wanted if wanted not in self._taken and is_free(wanted) else _free_port(self._taken)
        self._taken.add(port)
        return port


def is_free(port: int) -> bool:
    """Whether nothing listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def _free_port(taken: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("", 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port
