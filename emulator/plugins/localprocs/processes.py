"""Child processes that cannot outlive the emulator, however it dies, and whose signals reach nobody else.

A number is free as soon as a process has been waited for, and on a busy machine another process has it minutes later.
A file descriptor of the process (pidfd_open(2)) means that one process for ever.
"""

import contextlib
import ctypes
import errno
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

PR_SET_PDEATHSIG = 1
PIDFD_SIGNAL_PROCESS_GROUP = 4
"""Linux 6.9 and later: to the group that the process leads, or led."""
_libc = ctypes.CDLL(None, use_errno=True)


class Process(subprocess.Popen[bytes]):
    """A child that leads a session of its own."""

    def __init__(self, arguments: list[str], *, is_found_by_mark: bool = False, **options: Any) -> None:
        """Start it.

        One that is found and ended by a mark when the emulator dies needs not be told of that, and is started without
        a copy of the emulator's memory: 1 ms of a processor, not 25.
        """
        # preexec_fn may deadlock where other threads hold locks at the fork; this one calls libc and nothing else.
        die = None if is_found_by_mark else _die_with_parent
        super().__init__(arguments, start_new_session=True, preexec_fn=die, **options)
        self._descriptor = os.pidfd_open(self.pid)

    def __del__(self) -> None:
        """Let go of the process."""
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)
        super().__del__()  # type: ignore[misc]

    def signal_group(self, number: signal.Signals) -> None:
        """Signal all of its group that live, whether it does itself.

        Raises:
            ProcessLookupError: none does.
        """
        try:
            signal.pidfd_send_signal(self._descriptor, number, None, PIDFD_SIGNAL_PROCESS_GROUP)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            if self.poll() is None:  # an older kernel knows groups by number alone; this one is still ours
                os.killpg(self.pid, number)  # noqa: TID251 - nobody has waited for it


def start(arguments: list[str], **options: Any) -> Process:
    """Start a process in a session of its own; the kernel kills it when the emulator dies.

    The kernel sends that signal when the *thread* that forked ends (prctl(2)), so
    one thread that lives as long as the emulator starts every process.
    """
    done: Future[Process] = Future()
    _requests.put((lambda: Process(arguments, **options), done))
    return done.result()


def signal_tree(process: Process, number: signal.Signals) -> None:
    """Send a signal to the process and all that it started; silent if they are gone."""
    with contextlib.suppress(ProcessLookupError):
        process.signal_group(number)


def signal_if(is_meant: Callable[[], bool], pid: int, number: signal.Signals) -> bool:
    """Signal the process of that number if it is the one that is meant, and return whether it was.

    It is asked when nobody else can get the number any more without being another process to us.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not is_meant():
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _serve() -> None:
    while True:
        begin, done = _requests.get()
        try:
            done.set_result(begin())
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            done.set_exception(error)


_requests: queue.SimpleQueue[tuple[Callable[[], Process], Future[Process]]]
_requests = queue.SimpleQueue()
threading.Thread(target=_serve, name="process-starter", daemon=True).start()
