"""Ends what tasks leave behind when the emulator itself is killed: the kernel does that for its children only."""

import subprocess
import sys
import threading
from pathlib import Path

from localprocs.ecs import real_wait

WATCHMAN = Path(__file__).with_name("watchman.py")
LAST_LOOK_SECONDS = 2.0


class Guardian:
    """A process that learns of each container, and looks after them all when the emulator has gone."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._watchman: subprocess.Popen[bytes] | None = None

    def watch(self, mark: str, folder: str) -> None:
        """Have the processes with this text in their environment, and this folder, end with the emulator."""
        line = f"{mark} {folder}\n".encode()
        with self._lock:
            try:
                self._tell(line)
            except BrokenPipeError:
                self._watchman = None
                self._tell(line)

    def close(self) -> None:
        """Have the last look now."""
        with self._lock:
            watchman, self._watchman = self._watchman, None
        if watchman is not None and watchman.stdin is not None:
            watchman.stdin.close()
            real_wait.until(lambda: watchman.poll() is not None, LAST_LOOK_SECONDS)

    def _tell(self, line: bytes) -> None:
        if self._watchman is None:
            self._watchman = subprocess.Popen(
                [sys.executable, "-ISB", str(WATCHMAN)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                bufsize=0,
                env={},
            )
        if self._watchman.stdin is not None:
            self._watchman.stdin.write(line)
