"""How a container runs: the seam between ECS and what carries its containers out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Protocol


@dataclass(frozen=True)
class Launch:
    """All that a container needs to start."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    mark: str
    """A text in the environment that only this container's processes have."""


@dataclass(frozen=True)
class Usage:
    """What a container has used: CPU in seconds of the machine's time, memory in bytes."""

    cpu_seconds: float
    memory_bytes: int


class Running(Protocol):
    """A container that was started."""

    pid: int

    @property
    def output(self) -> IO[bytes]:
        """What it writes, standard output and error alike."""
        ...

    def wait(self) -> int:
        """Wait for its end and return the exit code as Docker tells it: 128 and the signal where one ended it."""
        ...

    def terminate(self) -> None:
        """Send SIGTERM to the container's first process, as Docker does."""
        ...

    def kill(self) -> None:
        """Kill all of its processes."""
        ...

    def usage(self) -> Usage:
        """Measure all of its processes."""
        ...

    def probe(self, arguments: Sequence[str], timeout: float) -> bool:
        """Run a health check in the container; whether it ended with 0 in time."""
        ...


class Runner(Protocol):
    """Starts containers."""

    def start(self, launch: Launch) -> Running:
        """Start one.

        Raises:
            StartFailure: it cannot be started; the text is the reason.
        """
        ...
