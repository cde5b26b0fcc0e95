"""Imports each module that is named on stdin where none of them is loaded yet: a script, for any interpreter.

A new interpreter a module would load the libraries anew each time, which takes minutes. So one process learns which
libraries the modules need, loads these and nothing else, and forks a child for each module: to it every one of the
modules is new. Prints a line for each that cannot be imported.
"""

import contextlib
import importlib
import os
import sys
from collections.abc import Callable


def main(names: list[str]) -> list[str]:
    """Return what went wrong, a line a module."""
    own = {name.partition(".")[0] for name in names}
    for library in _in_child(lambda: "\n".join(_libraries(names, own))).split():
        with contextlib.suppress(Exception):
            importlib.import_module(library)
    if loaded := [name for name in sys.modules if name.partition(".")[0] in own]:
        raise RuntimeError(f"a library loads what is to be tried: {loaded[0]}")
    return [line for name in names if (line := _in_child(lambda name=name: _attempt(name)))]


def _libraries(names: list[str], own: set[str]) -> list[str]:
    for name in names:
        _attempt(name)
    return [name for name in sys.modules if name.partition(".")[0] not in {*own, "__main__"}]


def _attempt(name: str) -> str:
    try:
        importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        return f"{name}: {type(error).__name__}: {error}".replace("\n", " ")
    return ""


def _in_child(work: Callable[[], str]) -> str:
    """Do it in a child, which shares what is loaded here and leaves nothing behind."""
    read_end, write_end = os.pipe()
    if (child := os.fork()) == 0:
        os.dup2(2, 1)  # what a module prints is no answer
        with os.fdopen(write_end, "w") as answer:
            answer.write(work())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


if __name__ == "__main__":
    wrong = main(sys.stdin.read().split())
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    sys.stdout.flush()
    os._exit(bool(wrong))  # a library's threads have nothing to say any more
