"""An emulator of the benchmark's own, with or without a clock."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localprocs.host.child import Child, free_port
from localprocs.vclock import Clock

from emulator.harness import cloud


@dataclass(frozen=True)
class Emulator:
    """A running one."""

    url: str
    process: Child


@contextmanager
def running(clock: Clock | None) -> Iterator[Emulator]:
    """Start an emulator and stop it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="huntaze-bench-") as folder:
        directory, log = Path(folder) / "emulator", Path(folder) / "log"
        child = cloud.start(port, directory, log, clock.env() if clock else {}, image=cloud.stand_in(directory))
        try:
            cloud.await_ready(child, url)
            yield Emulator(url, child)
        finally:
            child.stop()
