"""How a container runs: the seam between ECS and what carries its containers out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Protocol


@dataclass(frozen=True)
class Boxed:
    """What an engine needs besides: the image by its name there, and what limits the container."""

    image: str
    entry_point: Sequence[str]
    """Empty leaves it to the image; so does an empty command."""
    command: Sequence[str]
    mounts: Sequence[str]
    """Paths of the machine that the container has at the same place."""
    definition: Mapping[str, Any]
    cpu_units: float
    memory_mib: float


@dataclass(frozen=True)
class Launch:
    """All that a container needs to start."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    mark: str
    """A text in the environment that only this container's processes have."""
    boxed: Boxed | None = None


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
