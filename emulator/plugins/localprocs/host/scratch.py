"""The folder for what an emulator keeps while it runs: locked while its owner lives, so that nobody takes it for a dead one's."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "localprocs-run-"


class Scratch:
    """A folder of this process; what dead processes left of theirs, secrets among it, is removed first."""

    def __init__(self) -> None:
        """Make the folder."""
        remove_abandoned(Path(tempfile.gettempdir()))
        self.path, self._lock = _create()

    def remove(self) -> None:
        """Remove it with all that it holds; may be called twice."""
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            os.close(self._lock)
        self._lock = -1


def remove_abandoned(parent: Path) -> None:
    """Remove folders whose owner died without removing them, as after kill -9."""
    for path in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else's, still in use, or gone meanwhile
            lock = _open(path)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def _create() -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        with suppress(FileNotFoundError):
            lock = _open(path)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fstat(lock).st_nlink:  # else somebody took it for abandoned before it was locked
                return path, lock
            os.close(lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
