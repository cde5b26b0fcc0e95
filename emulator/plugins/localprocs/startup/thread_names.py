"""Lets the kernel know threads by their names, as Python 3.14 does by itself, so that the clock can say who waits."""

import ctypes
import re
import threading
from collections.abc import Callable

from localstack.utils.patch import patch

PR_SET_NAME = 15
_libc = ctypes.CDLL(None)
_FUNCTION = re.compile(r"Thread-\d+ \((.*)\)")


def tell() -> None:
    """Tell those of all threads that start from now on; the kernel keeps 15 letters."""

    @patch(threading.Thread._bootstrap_inner)  # noqa: SLF001 - where Python itself does it from 3.14 on
    def _bootstrap_inner(original: Callable[[threading.Thread], None], self: threading.Thread) -> None:
        _libc.prctl(PR_SET_NAME, short(self.name).encode())
        original(self)


def short(name: str) -> str:
    """Return a thread's name, or that of the function it runs where nobody has named it."""
    return found[1] if (found := _FUNCTION.fullmatch(name)) else name
