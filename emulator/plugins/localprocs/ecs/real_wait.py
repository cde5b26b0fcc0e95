"""Waits by the machine's own clock, for the end of things: the virtual one may be paused then."""

import socket
import struct
from collections.abc import Callable

from localprocs import real_time

LOOK_SECONDS = 0.02


def until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so, or for so many real seconds; return whether it is."""
    begun = real_time.elapsed()
    while not is_so() and real_time.elapsed() - begun < seconds:
        pause(LOOK_SECONDS)
    return is_so()


def pause(seconds: float) -> None:
    """Wait: a socket's own time-out is the kernel's, which no virtual clock moves."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        whole = int(seconds)
        ours.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", whole, int((seconds - whole) * 1_000_000))
        )
        try:
            ours.recv(1)
        except BlockingIOError:
            return
