"""Imports each module that is named on stdin where none of them is loaded: a script, for any interpreter.

A new interpreter a module would load the libraries anew each time, which takes minutes. So they stay, and what is to be
tried goes again before each attempt. Prints a line for each that cannot be imported.
"""

import gc
import importlib
import os
import sys


def main(names: list[str]) -> list[str]:
    """Return what went wrong, a line a module."""
    own = {name.partition(".")[0] for name in names}
    for name in names:  # for the libraries
        _attempt(name)
    _forget(own)
    gc.collect()
    gc.freeze()
    wrong = []
    for name in names:
        wrong.append(_attempt(name))
        _forget(own)
    return [line for line in wrong if line]


def _attempt(name: str) -> str:
    try:
        importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        return f"{name}: {type(error).__name__}: {error}".replace("\n", " ")
    return ""


def _forget(own: set[str]) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in own]:
        del sys.modules[name]


if __name__ == "__main__":
    answers = os.dup(1)
    os.dup2(2, 1)  # what a module prints is no answer
    wrong = main(sys.stdin.read().split())
    with os.fdopen(answers, "w") as told:
        told.writelines(f"{line}\n" for line in wrong)
    os._exit(bool(wrong))  # a library's threads have nothing to say any more
