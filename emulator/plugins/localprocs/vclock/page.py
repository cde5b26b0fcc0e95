"""The shared page that holds the clock, as a file in memory that other processes map by its path."""

import ctypes
import fcntl
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from localprocs.vclock.errors import ClockUnavailable

PREFIX = "huntaze-vclock-"
NANOS = 1_000_000_000


class Reading(ctypes.Structure):
    """What the clock shows; times in nanoseconds."""

    realtime: int
    monotonic: int
    elapsed: int
    speed: float
    paused: int
    generation: int

    _fields_ = (
        ("realtime", ctypes.c_int64),
        ("monotonic", ctypes.c_int64),
        ("elapsed", ctypes.c_int64),
        ("speed", ctypes.c_double),
        ("paused", ctypes.c_uint32),
        ("generation", ctypes.c_uint32),
    )


class _Row(ctypes.Structure):
    owner: int
    start: int
    due: int
    interval: int
    seen: int
    timers: int
    slot: int

    _fields_ = (
        ("owner", ctypes.c_uint64),
        ("start", ctypes.c_uint64),
        ("due", ctypes.c_int64),
        ("interval", ctypes.c_int64),
        ("seen", ctypes.c_uint32),
        ("timers", ctypes.c_uint32),
        ("slot", ctypes.c_uint32),
        ("unused", ctypes.c_uint32),
    )


FOR_EVER, EARLIEST = 2**63 - 1, -1
_SLOTS = 4096
_LOOKING = 1


@dataclass(frozen=True, slots=True)
class Waiter:
    """A thread, or a process's timers, that waits for a moment; moments are elapsed virtual nanoseconds."""

    pid: int
    thread: int
    start: int
    """When the process began, in clock ticks since the machine's boot: numbers come round."""
    due: int
    interval: int
    """Of timers: from one tick to the next; 0 for one tick."""
    generation: int
    """The change of the clock that it has looked at last."""
    is_timers: bool
    slot: int

    @property
    def is_looking(self) -> bool:
        """Whether it has not yet said for which moment it will wait."""
        return self.generation == _LOOKING


class Page:
    """One clock page; its file is locked while its owner lives, so that nobody takes it for a dead one's."""

    def __init__(self, library: Path, speed: float, directory: Path | None = None, begins: float | None = None) -> None:
        """Make the page, whose date begins there (seconds since the epoch) or at the machine's.

        Raises ClockUnavailable if there is no room for it.
        """
        self._functions = _bind(library)
        self._rows = (_Row * _SLOTS)()
        self._directory = directory or _memory()
        remove_abandoned(self._directory)
        try:
            self.path, self._file = _create(self._directory, self._functions.vclock_page_size())
        except OSError as error:
            message = f"no room for the clock's page in {self._directory}: {error.strerror}"
            raise ClockUnavailable(message) from error
        self._address = self._functions.vclock_map(self._file, speed, -1 if begins is None else round(begins * NANOS))
        if not self._address:
            self._discard()
            message = f"the clock's page in {self._directory} cannot be mapped"
            raise ClockUnavailable(message)

    def read(self) -> Reading:
        """Return what the clock shows now."""
        reading = Reading()
        self._functions.vclock_read(self._address, ctypes.byref(reading))
        return reading

    def change(
        self,
        *,
        speed: float,
        paused: bool,
        stands_by: bool = False,
        jump_nanos: int = 0,
        patience_nanos: int = NANOS // 4,
    ) -> int:
        """Begin a new epoch and wake every waiter; return how many had not answered when patience ended.

        Time that stands by work leaps only when nobody works.
        """
        left: int = self._functions.vclock_change(self._address, speed, paused, stands_by, jump_nanos, patience_nanos)
        return left

    def leap(self, elapsed: int) -> None:
        """Begin a new epoch at that moment, and wake nobody: who is due then must be called."""
        self._functions.vclock_leap(self._address, elapsed)

    def waiters(self, until: int = FOR_EVER) -> list[Waiter]:
        """Return who waits for a moment up to that one, or for the EARLIEST of all, and those whose moment is open.

        What is told of those who sleep meanwhile is exact.
        """
        count = self._functions.vclock_waiters(self._address, self._rows, _SLOTS, until)
        return [
            Waiter(
                pid=row.owner >> 32,
                thread=row.owner & 0xFFFFFFFF,
                start=row.start,
                due=row.due,
                interval=row.interval,
                generation=row.seen,
                is_timers=bool(row.timers),
                slot=row.slot,
            )
            for row in self._rows[:count]
        ]

    def call(self, waiter: Waiter) -> None:
        """Have it look at the clock."""
        self._functions.vclock_call(self._address, waiter.slot, waiter.pid << 32 | waiter.thread)

    def bury(self, waiter: Waiter) -> None:
        """Forget one that has died in its wait."""
        self._functions.vclock_bury(self._address, waiter.slot, waiter.pid << 32 | waiter.thread)

    def close(self) -> None:
        """Remove the page; processes that mapped it keep their view of it."""
        self._functions.vclock_unmap(self._address)
        self._address = None
        self._discard()

    def _discard(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self._file)


def remove_abandoned(directory: Path) -> None:
    """Remove pages whose owner died without closing them."""
    for path in directory.glob(f"{PREFIX}*"):
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except OSError:
            pass
        finally:
            os.close(file)


def _memory() -> Path:
    shared = Path("/dev/shm")  # noqa: S108 - the page is private to its owner, and has a random name
    return shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())


def _create(directory: Path, size: int) -> tuple[Path, int]:
    while True:
        path = directory / f"{PREFIX}{secrets.token_hex(8)}"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_nlink:  # else someone took it for abandoned before it was locked
            os.ftruncate(file, size)
            return path, file
        os.close(file)


def _bind(library: Path) -> ctypes.CDLL:
    functions = ctypes.CDLL(str(library))
    functions.vclock_page_size.restype = ctypes.c_uint64
    functions.vclock_map.argtypes = (ctypes.c_int, ctypes.c_double, ctypes.c_int64)
    functions.vclock_map.restype = ctypes.c_void_p
    functions.vclock_unmap.argtypes = (ctypes.c_void_p,)
    functions.vclock_unmap.restype = None
    functions.vclock_read.argtypes = (ctypes.c_void_p, ctypes.POINTER(Reading))
    functions.vclock_read.restype = None
    functions.vclock_change.argtypes = (
        ctypes.c_void_p,
        ctypes.c_double,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int64,
        ctypes.c_int64,
    )
    functions.vclock_leap.argtypes = (ctypes.c_void_p, ctypes.c_int64)
    functions.vclock_leap.restype = None
    functions.vclock_waiters.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Row), ctypes.c_int, ctypes.c_int64)
    functions.vclock_call.argtypes = functions.vclock_bury.argtypes = (
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_uint64,
    )
    functions.vclock_call.restype = functions.vclock_bury.restype = None
    return functions
