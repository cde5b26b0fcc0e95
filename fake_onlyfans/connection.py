"""The TCP connection behind a request, for the faults that break it."""

import socket
import struct
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol


class ReachableProtocol(H11Protocol):
    """uvicorn's HTTP protocol, which tells each request the connection that it came by."""

    def connection_made(self, transport: Any) -> None:
        """Put this connection into the state of all requests that come by it."""
        super().connection_made(transport)
        # asyncio does this only for sockets that were opened by protocol number; without it, answers wait 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "connection": self}

    @property
    def is_answering(self) -> bool:
        """Say whether a request has come whose answer is not complete."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def is_closing(self) -> bool:
        """Say whether the connection is closed, or about to be."""
        return bool(self.transport.is_closing())

    def write(self, piece: bytes) -> None:
        """Send bytes as they are, beside what uvicorn would write."""
        self.transport.write(piece)

    def say_wait(self) -> None:
        """Send the interim answer 100, which every client passes over."""
        self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def reset(self) -> None:
        """Send a TCP reset: closing without lingering discards what is unsent and resets."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def close(self) -> None:
        """Close once all that was written has gone out."""
        self.transport.close()


def connection_of(scope: Scope) -> ReachableProtocol | None:
    """Return the connection that a request came by; None in process."""
    connection = scope.get("state", {}).get("connection")
    return connection if isinstance(connection, ReachableProtocol) else None
