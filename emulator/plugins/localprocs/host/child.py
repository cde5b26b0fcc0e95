"""A process: started on a log file, awaited, stopped; it never outlives who started it."""

import contextlib
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from localprocs import processes
from localprocs.host.errors import CloudError


def free_port() -> int:
    """Return a TCP port on the loopback address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free(port: int) -> int:
    """Return the port.

    Raises:
        CloudError: something listens on it already.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CloudError(
                f"port {port} is in use: name another one, or leave the option out for a free one"
            ) from None
    return port


class Part(Protocol):
    """Something that was started: a process, or a container."""

    name: str
    log: Path

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        ...

    def require_running(self) -> None:
        """Raise a CloudError that quotes the end of its log if it has ended."""
        ...

    def stop(self) -> None:
        """Ask it to end, then kill whatever is left of it."""
        ...


class Child:
    """A started process, its output in a log file."""

    def __init__(self, name: str, arguments: list[str], env: Mapping[str, str], log: Path) -> None:
        """Start it, in a session of its own, in the folder of its log."""
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = processes.start(
                arguments,
                env=dict(env),
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def require_running(self) -> None:
        """Raise a CloudError that quotes the end of its log if it has ended."""
        if not self.is_running:
            last = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
            raise CloudError(f"{self.name} ended with {self._process.returncode}; its log, {self.log}, ends:\n{last}")

    def stop(self, grace_seconds: float = 10) -> None:
        """Ask it to end, then kill whatever is left of its process group."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_seconds)
        processes.signal_tree(self._process, signal.SIGKILL)
        self._process.wait()
