"""All that the services hold as one file, which another emulator reads: a zip of a manifest and of the things.

The things are pickled by value, by the names of the classes of LocalStack 4.14.0 (whose last release it is), of moto and
of ours; what is read names classes of these and values, and nothing else is imported. What belongs to a process (locks,
threads) is made anew, and what runs is started again: functions, mappings, rules, the tasks of ECS's services.
"""

import io
import itertools
import json
import pickle
import queue
import threading
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable
from enum import Enum
from functools import singledispatch
from importlib import import_module
from tempfile import SpooledTemporaryFile
from types import BuiltinMethodType, FunctionType, MethodDescriptorType, MethodType, ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.s3.storage.ephemeral import EphemeralS3ObjectStore, EphemeralS3StoredMultipart
from localstack.services.sqs.models import SqsQueue
from localstack.services.stores import LOCAL_ATTR_PREFIX, AccountRegionBundle, BaseStore, RegionBundle
from moto.core.base_backend import BackendDict

from localprocs.alarms.book import AlarmBook
from localprocs.alarms.stores import book_of
from localprocs.state import format, held, objects, revival  # noqa: A004 - a file's
from localprocs.state.format import FORMAT, HELD, MANIFEST, NotReadable
from localprocs.state.snapshot import content_of, fill, fill_file, state_of

_READABLE = ("localstack.", "moto.", "localprocs.")
_VALUES = {
    "builtins": frozenset(
        {
            "bool",
            "bytearray",
            "bytes",
            "complex",
            "dict",
            "float",
            "frozenset",
            "int",
            "list",
            "object",
            "range",
            "set",
            "slice",
            "str",
            "tuple",
        }
    ),
    "collections": frozenset({"OrderedDict", "defaultdict", "deque", "Counter"}),
    "copyreg": frozenset({"_reconstructor", "__newobj__"}),
    "datetime": frozenset({"datetime", "date", "time", "timedelta", "timezone"}),
    "decimal": frozenset({"Decimal"}),
    "uuid": frozenset({"UUID", "SafeUUID"}),
    "threading": frozenset({"Condition", "Event"}),
    "ipaddress": frozenset({"IPv4Address", "IPv4Network", "IPv6Address", "IPv6Network"}),
    "itertools": frozenset({"count"}),
    "re": frozenset({"_compile"}),
    "zoneinfo": frozenset({"ZoneInfo"}),
}
_reading = threading.local()


class NotSaved(Exception):
    """A service holds what cannot be written; the text says which and what."""


def save() -> bytes:
    """Return the file's bytes.

    Raises:
        NotSaved: a service holds what cannot be written.
    """
    roots = held.containers()
    buffer = io.BytesIO()
    try:
        _Writing(buffer, roots).dump({name: _content(each) for name, each in roots.items()} | revival.plain())
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise NotSaved(f"what the services hold cannot be written: {error}") from error
    told = {"format": FORMAT, "saved_at": time.time(), "services": sorted({name.partition("/")[0] for name in roots})}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(told))
        archive.writestr(HELD, buffer.getvalue())
    return file.getvalue()


def load(file: bytes) -> None:
    """Hold what the file says, and nothing else of its services.

    Raises:
        NotReadable: it is no such file, or of a newer form.
    """
    told, things = format.read(file)
    services = [it for it in told["services"] if it != "localprocs"]
    for each in services:
        SERVICE_PLUGINS.require(each)
    _reading.roots = held.containers()
    try:
        found = _Reading(io.BytesIO(things)).load()
    finally:
        del _reading.roots
    revival.revive(services, found)


def _content(root: Any) -> Any:
    """Return what a container holds: its stores and back ends are filled where they are."""
    if isinstance(root, AccountRegionBundle | BackendDict):
        return [each for regions in root.values() for each in dict.values(regions)]
    return _Root(root)


class _Root:
    def __init__(self, held: dict[Any, Any]) -> None:
        self.held = held


class _Writing(pickle.Pickler):
    def __init__(self, buffer: io.BytesIO, roots: dict[str, Any]) -> None:
        super().__init__(buffer, protocol=5)
        self._names = {id(each): name for name, each in roots.items()}
        self._places = {
            id(each): (name, account, region)
            for name, root in roots.items()
            if isinstance(root, AccountRegionBundle | BackendDict)
            for account, regions in root.items()
            for region, each in dict.items(regions)
        }

    def reducer_override(self, thing: Any) -> Any:
        """Name what every emulator has, and write what it holds."""
        if place := self._places.get(id(thing)):
            return _placed, place, _of_place(thing), None, None, _fill_place
        if type(thing) is _Root:
            return _root, (self._names[id(thing.held)],), list(thing.held.items()), None, None, _fill_root
        if name := self._names.get(id(thing)):
            return _root, (name,)
        return _reduced(thing)


@singledispatch
def _reduced(_thing: Any) -> Any:
    """Return how an object is written, as ``__reduce_ex__`` does."""
    return NotImplemented


@_reduced.register
def _(queue: SqsQueue) -> Any:
    named = (queue.name, queue.region, queue.account_id)
    return type(queue), named, revival.of_queue(queue), None, None, revival.fill_queue


@_reduced.register
def _(book: AlarmBook) -> Any:
    data = {"alarms": book.alarms, "history": book.history, "metrics": book.metrics}
    return book_of, (book.account, book.region), data, None, None, _fill_book


@_reduced.register
def _(entries: defaultdict) -> Any:  # type: ignore[type-arg] # what is registered is the class
    kind = type(entries)
    return NotImplemented if kind is defaultdict else (_empty, (kind,), state_of(entries), None, None, fill)


@_reduced.register
def _(member: Enum) -> Any:
    return _member, (type(member), member.name)


@_reduced.register(type(threading.Lock()))
@_reduced.register(type(threading.RLock()))
def _(lock: Any) -> Any:
    return _lock, (type(lock).__name__,)


@_reduced.register
def _(zone: ZoneInfo) -> Any:
    return ZoneInfo, (zone.key,)


@_reduced.register
def _(counter: itertools.count) -> Any:  # type: ignore[type-arg] # what is registered is the class
    # Its text tells where a counter stands without moving it; copies of counters end with Python 3.14.
    return itertools.count, tuple(int(it) for it in repr(counter).removeprefix("count(").removesuffix(")").split(","))


@_reduced.register
def _(_condition: threading.Condition) -> Any:
    return threading.Condition, ()


@_reduced.register
def _(waiting: queue.Queue) -> Any:  # type: ignore[type-arg] # what is registered is the class
    return type(waiting), (), list(waiting.queue), None, None, _fill_waiting


@_reduced.register
def _(file: SpooledTemporaryFile) -> Any:  # type: ignore[type-arg] # as above
    return type(file), (), content_of(file), None, None, fill_file


@_reduced.register
def _(_storage: EphemeralS3ObjectStore) -> Any:
    return objects.storage, ()


@_reduced.register
def _(begun: EphemeralS3StoredMultipart) -> Any:
    return objects.upload, (begun.bucket, begun.s3_multipart), begun.parts, None, None, objects.fill_upload


@_reduced.register
def _(method: MethodType) -> Any:
    return _method, (method.__self__, method.__name__)


@_reduced.register
def _(function: FunctionType) -> Any:
    return _refuse(function) if "<" in function.__qualname__ else NotImplemented


@_reduced.register(threading.Thread)
@_reduced.register(ModuleType)
@_reduced.register(BuiltinMethodType)
@_reduced.register(MethodDescriptorType)
def _refuse(thing: Any) -> Any:
    raise pickle.PicklingError(f"{thing!r:.200} belongs to this process")


def _of_place(thing: Any) -> Any:
    """Return what a store or a back end holds; what a store shares with its neighbours comes with each of them."""
    if not isinstance(thing, BaseStore):
        attributes, content = state_of(thing)
        return {name: _Entries.of(value) for name, value in attributes.items()}, content
    own = {name: value for name, value in vars(thing).items() if name.startswith(LOCAL_ATTR_PREFIX)}
    return own, thing._global, thing._universal  # noqa: SLF001 - the store's own


def _fill_place(thing: Any, state: Any) -> None:
    if isinstance(thing, BaseStore):
        own, shared, universal = state
        vars(thing).update(own)
        thing._global.update(shared)  # noqa: SLF001
        thing._universal.update(universal)  # noqa: SLF001
        return
    attributes, content = state
    mine = vars(thing)
    fill(thing, ({name: value.put(mine[name]) if isinstance(value, _Entries) else value
                  for name, value in attributes.items()}, content))  # fmt: skip


class _Entries:
    """What a back end's dictionary holds that makes its entries by a function that only the back end can name."""

    def __init__(self, held: dict[Any, Any]) -> None:
        self.held = held

    @staticmethod
    def of(value: Any) -> Any:
        """Return the entries of such a dictionary, any other value as it is."""
        is_such = type(value) is defaultdict and "<" in getattr(value.default_factory, "__qualname__", "")
        return _Entries(dict(value)) if is_such else value

    def put(self, own: dict[Any, Any]) -> dict[Any, Any]:
        """Return the other back end's dictionary with these entries."""
        own.clear()
        own.update(self.held)
        return own


def _placed(name: str, account: str, region: str) -> Any:
    root: AccountRegionBundle[Any] | BackendDict[Any] = _reading.roots[name]
    regions: RegionBundle[Any] = root[account]
    return regions[region]


def _root(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = _reading.roots[name]
    return found


def _fill_root(root: dict[Any, Any], content: list[tuple[Any, Any]]) -> None:
    root.update(content)


def _fill_book(book: AlarmBook, data: dict[str, Any]) -> None:
    vars(book).update(data)


def _fill_waiting(waiting: queue.Queue[Any], content: list[Any]) -> None:
    waiting.queue = type(waiting.queue)(content)


def _method(thing: Any, name: str) -> Any:
    if not type(thing).__module__.startswith(_READABLE):
        raise NotReadable(f"the file names a method of {type(thing)}, which is nothing that a service holds")
    return getattr(thing, name)


def _empty(kind: Any) -> Any:
    return kind.__new__(kind)


def _member(kind: Any, name: str) -> Any:
    return kind[name]


def _lock(kind: str) -> Any:
    return threading.RLock() if kind == "RLock" else threading.Lock()


_FUNCTIONS: tuple[Callable[..., Any], ...] = (
    _placed, _fill_place, _root, _fill_root, _fill_book, _fill_waiting, _lock, _empty, _member, _method, fill, fill_file, book_of,
    revival.fill_queue, objects.storage, objects.upload, objects.fill_upload,
)  # fmt: skip


class _Reading(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return a class of what is known here, or one of the functions above."""
        if name in _VALUES.get(module, ()):
            return getattr(import_module(module), name)
        if module.startswith(_READABLE):
            found: Any = import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
            if isinstance(found, type) or found in _FUNCTIONS:
                return found
        raise NotReadable(f"the file names {module}.{name}, which is nothing that a service holds")
