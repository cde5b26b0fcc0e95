"""Whether an answer reached its client: what a request took for a client that is gone can be given back."""

import socket
import threading
from collections.abc import Callable

type GiveBack = Callable[[], None]

LOST_HEADER = "x-localprocs-lost"
"""Of an answer that is to be lost on its way, as a fault that was asked for: what was done stays done."""

_of_this_request = threading.local()


def give_back_unless_delivered(give_back: GiveBack) -> None:
    """Have something done when the answer to the request that this thread serves does not reach its client."""
    taken = getattr(_of_this_request, "taken", None)
    if taken is not None:
        taken.append(give_back)


class Delivery:
    """What one request took, until its client has the answer."""

    def __init__(self, connection: socket.socket) -> None:
        """Watch the client's connection from now on, for the request that this thread serves."""
        self._connection = connection
        self._taken: list[GiveBack] = []
        _of_this_request.taken = self._taken

    def check(self) -> None:
        """Give everything back, and raise ConnectionError, where nobody would read the answer."""
        if self._taken and _is_gone(self._connection):
            self.fail()
            raise ConnectionResetError

    def fail(self) -> None:
        """Give everything back: the answer has not been read."""
        while self._taken:
            self._taken.pop()()

    def end(self) -> None:
        """Take note of the connection's end: a client that dies with an answer unread resets it."""
        if self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.fail()


def _is_gone(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
