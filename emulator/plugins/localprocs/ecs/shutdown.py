"""The end of every task when the emulator ends."""

import socket
import struct
from collections.abc import Iterable

from localprocs import real_time
from localprocs.ecs.fleet import Fleet

GRACE_SECONDS = 3.0
"""How long tasks may take to end when the emulator is stopped, in real seconds: they may be in a hurry, or the clock paused."""
LOOK_SECONDS = 0.02


def stop_all(fleets: Iterable[Fleet], grace_seconds: float = GRACE_SECONDS) -> None:
    """Send each task SIGTERM, wait a moment, and kill what is left."""
    runs = [run for fleet in fleets for run in fleet.close()]
    begun = real_time.elapsed()
    while not all(run.is_over() for run in runs) and real_time.elapsed() - begun < grace_seconds:
        wait_real(LOOK_SECONDS)
    for run in runs:
        run.kill()


def wait_real(seconds: float) -> None:
    """Wait by the machine's clock: a socket's own time-out is the kernel's, which no virtual clock moves."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(seconds))
        try:
            ours.recv(1)
        except BlockingIOError:
            return


def _timeval(seconds: float) -> bytes:
    whole = int(seconds)
    return struct.pack("@ll", whole, int((seconds - whole) * 1_000_000))
