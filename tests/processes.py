"""Processes that a test looks for, while others end: one that has ended and that nobody has waited for is none."""

import contextlib
import signal
from collections.abc import Iterator

import psutil
from localprocs import processes


def lives(process: psutil.Process) -> bool:
    """Tell whether it runs, and is not just another with its number."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def descendants(pid: int | None, word: str, *, recursive: bool = True) -> Iterator[psutil.Process]:
    """Yield those of a process (this one, without a number) that live and have a word in their command line.

    Without ``recursive``, only its own children.
    """
    for process in psutil.Process(pid).children(recursive):
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile, or has
            if word in " ".join(process.cmdline()):
                yield process


def kill(process: psutil.Process, number: signal.Signals = signal.SIGKILL) -> None:
    """Signal that process, and not another that has its number by now; silent where it has ended."""
    processes.signal_if(process.is_running, process.pid, number)
