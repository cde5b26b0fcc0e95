"""Child processes that cannot outlive the emulator, however it dies."""

import contextlib
import ctypes
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def start(arguments: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own; the kernel kills it when the emulator dies.

    The kernel sends that signal when the *thread* that forked ends (prctl(2)), so
    one thread that lives as long as the emulator starts every process.
    """
    done: Future[subprocess.Popen[bytes]] = Future()
    _requests.put((lambda: _start(arguments, options), done))
    return done.result()


def signal_tree(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the process and all that it started; silent if they are gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _start(arguments: list[str], options: dict[str, Any]) -> subprocess.Popen[bytes]:
    # preexec_fn may deadlock where other threads hold locks at the fork; this one calls libc and nothing else.
    return subprocess.Popen(arguments, start_new_session=True, preexec_fn=_die_with_parent, **options)  # noqa: PLW1509


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _serve() -> None:
    while True:
        begin, done = _requests.get()
        try:
            done.set_result(begin())
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            done.set_exception(error)


_requests: queue.SimpleQueue[tuple[Callable[[], subprocess.Popen[bytes]], Future[subprocess.Popen[bytes]]]]
_requests = queue.SimpleQueue()
threading.Thread(target=_serve, name="process-starter", daemon=True).start()
