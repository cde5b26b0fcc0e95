"""Containers as processes of this machine."""

import signal
import subprocess
import threading
from collections.abc import Sequence
from typing import IO

import psutil

from localprocs import processes, real_time
from localprocs.ecs import watchman
from localprocs.ecs.errors import StartFailure
from localprocs.ecs.guardian import Guardian
from localprocs.ecs.runner import Launch, Usage

PROBE_REAL_SECONDS = 2.0
"""A probe may take this long by the wall clock, however fast the virtual one: work does not get faster."""


class ProcessRunner:
    """Starts each container as a process with its own session and folder."""

    def __init__(self, guardian: Guardian) -> None:
        """Have a guardian know of each."""
        self._guardian = guardian

    def start(self, launch: Launch) -> "RunningProcess":
        """Start one."""
        if not launch.arguments:
            raise StartFailure("CannotStartContainerError: no command specified")
        self._guardian.watch(launch.mark, launch.folder)
        try:
            process = processes.start(
                list(launch.arguments),
                env=dict(launch.environment),
                cwd=launch.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            reason = "executable file not found in $PATH" if isinstance(error, FileNotFoundError) else error.strerror
            text = f'CannotStartContainerError: failed to create container process: exec: "{launch.arguments[0]}": {reason}'
            raise StartFailure(text) from None
        return RunningProcess(process, launch)


class RunningProcess:
    """A container that is a process and what it started."""

    def __init__(self, process: processes.Process, launch: Launch) -> None:
        """Hold a process just started."""
        self.pid = process.pid
        self._process = process
        self._launch = launch

    @property
    def output(self) -> IO[bytes]:
        """What it writes."""
        if self._process.stdout is None:
            raise ValueError("the process was started without a pipe")
        return self._process.stdout

    def wait(self) -> int:
        """Wait for the first process's end, then end all others, as a container does."""
        code = self._process.wait()
        self.kill()
        return 128 - code if code < 0 else code

    def terminate(self) -> None:
        """Ask the first process to end."""
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """Kill the session, and those that left it but still carry the container's mark."""
        processes.signal_tree(self._process, signal.SIGKILL)
        watchman.end([self._launch.mark.encode()])

    def usage(self) -> Usage:
        """Add up the tree: live processes, and the dead children that they have waited for."""
        cpu, private, shared = 0.0, 0, 0
        for pid in (self.pid, *_descendants(self.pid)):
            try:
                process = psutil.Process(pid)
                cpu += sum(process.cpu_times()[:4])
                memory = process.memory_info()
            except psutil.Error:
                continue
            # What processes share (a browser's libraries, say) counts once.
            own_shared = getattr(memory, "shared", 0)
            private, shared = private + memory.rss - own_shared, max(shared, own_shared)
        return Usage(cpu, private + shared)

    def probe(self, arguments: Sequence[str], timeout: float) -> bool:
        """Run a health check."""
        try:
            probe = processes.Process(
                list(arguments),
                is_found_by_mark=True,  # it has the container's environment, and the guardian knows that
                env=dict(self._launch.environment),
                cwd=self._launch.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            return False
        return _ended_well(probe, timeout)


def _ended_well(probe: processes.Process, timeout: float) -> bool:
    ended = threading.Event()

    def await_end() -> None:
        probe.wait()
        ended.set()

    threading.Thread(target=await_end, name="ecs-probe", daemon=True).start()
    begun = real_time.elapsed()
    while not ended.wait(timeout):
        if real_time.elapsed() - begun >= PROBE_REAL_SECONDS:
            processes.signal_tree(probe, signal.SIGKILL)
            ended.wait()
            return False
    return probe.returncode == 0


def _descendants(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []
