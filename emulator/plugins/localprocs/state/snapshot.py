"""What objects held at one moment, put back into the very same objects: whoever knows one of them finds it as it was.

A copy would be of no use to the threads that wait on a queue, or poll it. So the graph of all that is held is pickled
with each object of ours, LocalStack's or moto's as "number n of the table, and this is what it held"; values (text,
numbers, dates, plain dictionaries and lists) are copied, and all else (locks, threads, files, functions) stays.
"""

import io
import pickle
import queue
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from copyreg import _slotnames  # type: ignore[attr-defined]
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from tempfile import SpooledTemporaryFile
from types import FunctionType
from typing import Any
from uuid import UUID

ATTEMPTS = 20
"""How often it is tried anew when a thread has changed something meanwhile."""
_STATEFUL = ("localstack.", "moto.", "localprocs.")
_VALUES = frozenset({datetime, date, time, timedelta, Decimal, UUID, OrderedDict, defaultdict, deque, Counter})
_ATOMS = (str, int, float, bytes, Enum, type, BaseException, threading.Thread)
_loading = threading.local()


class Snapshot:
    """What all that the roots lead to held when this was made."""

    def __init__(self, roots: Mapping[str, Any]) -> None:
        """Note it.

        Raises:
            RuntimeError: others would not leave it alone.
        """
        self.objects: list[Any] = []
        """Every object that stays itself."""
        self.names = frozenset(roots)
        for attempt in range(ATTEMPTS):
            try:
                self._noted = _note(_Roots(roots), self.objects)
            except RuntimeError:  # a dictionary changed its size
                self.objects.clear()
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return

    def restore(self) -> None:
        """Put it back."""
        _loading.objects = self.objects
        try:
            pickle.loads(self._noted)  # noqa: S301 - of this process, never stored
        finally:
            del _loading.objects
        for each in self.objects:
            if isinstance(each, queue.Queue):
                with each.mutex:
                    each.not_empty.notify_all()


class _Roots:
    """Plain dictionaries among the roots are filled as objects are, so that they stay themselves, too."""

    def __init__(self, roots: Mapping[str, Any]) -> None:
        self.held = [_Plain(each) if type(each) in (dict, defaultdict) else each for each in roots.values()]


class _Plain:
    def __init__(self, held: dict[Any, Any]) -> None:
        self.held = held


def _note(roots: _Roots, objects: list[Any]) -> bytes:
    buffer = io.BytesIO()
    _Noting(buffer, objects).dump(roots.held)
    return buffer.getvalue()


class _Noting(pickle.Pickler):
    def __init__(self, buffer: io.BytesIO, objects: list[Any]) -> None:
        super().__init__(buffer, protocol=5)
        self._objects = objects

    def reducer_override(self, thing: Any) -> Any:
        kind = type(thing)
        if kind in _VALUES or isinstance(thing, tuple) or (kind is FunctionType and thing in _OWN):
            return NotImplemented
        number = len(self._objects)  # the pickler itself remembers whom it has seen
        if kind is _Plain:
            self._objects.append(thing.held)
            return _known, (number,), list(thing.held.items()), None, None, _fill_plain
        self._objects.append(thing)
        if isinstance(thing, SpooledTemporaryFile):
            return _known, (number,), content_of(thing), None, None, fill_file
        if has_state(kind):
            return _known, (number,), state_of(thing), None, None, fill
        return _known, (number,)


@cache
def has_state(kind: type) -> bool:
    """Whether objects of the class are what services hold, and no value, lock, thread or the like."""
    return kind.__module__.startswith(_STATEFUL) and not issubclass(kind, _ATOMS)


type State = tuple[dict[str, Any], list[Any] | None]


def state_of(thing: Any) -> State:
    """Return the object's attributes, and what it holds as a dictionary, list or set."""
    attributes = dict(getattr(thing, "__dict__", ()))
    attributes |= {name: getattr(thing, name) for name in _slotnames(type(thing)) if hasattr(thing, name)}
    content: list[Any] | None = None
    if isinstance(thing, dict):
        content = list(dict.items(thing))
    elif isinstance(thing, list):
        content = list.copy(thing)
    elif isinstance(thing, set):
        content = list(set.copy(thing))
    return attributes, content


def fill(thing: Any, state: State) -> None:
    """Give the object these, and nothing else."""
    attributes, content = state
    slots = set(_slotnames(type(thing)))
    if hasattr(thing, "__dict__"):
        thing.__dict__.clear()
        thing.__dict__.update({name: value for name, value in attributes.items() if name not in slots})
    for name in slots & attributes.keys():
        object.__setattr__(thing, name, attributes[name])
    if content is not None:
        kind: Any = next(each for each in (dict, list, set) if isinstance(thing, each))
        kind.clear(thing)
        (kind.extend if kind is list else kind.update)(thing, content)


def content_of(file: Any) -> bytes:
    """Return all of a file's bytes; nothing of one that is closed."""
    if file.closed:
        return b""
    position = file.tell()
    file.seek(0)
    content = file.read()
    file.seek(position)
    return bytes(content)


def fill_file(file: Any, content: bytes) -> None:
    """Give the file these bytes, also if it has been closed."""
    file._file = io.BytesIO(content)  # noqa: SLF001 - there is no other way to open it again
    file._rolled = False  # noqa: SLF001


def _fill_plain(held: dict[Any, Any], content: list[tuple[Any, Any]]) -> None:
    held.clear()
    held.update(content)


def _known(number: int) -> Any:
    return _loading.objects[number]


_OWN: tuple[Callable[..., Any], ...] = (_known, fill, fill_file, _fill_plain)
"""Found by their names when it is put back."""
