"""Looks at the processes whose work time stands by: this one's, all that it started, and who waits on the clock.

What was started on another clock is not among them, and neither is whoever looks for that one: its time stands by their
work, and one that leaps from moment to moment would let nobody else's come to rest.
"""

import contextlib
import os
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from localprocs.vclock.work import Pace, Sight, reason

_SETTLING_SECONDS = 2.0
"""So long after it was found a process may still be replaced by the program that it was started for."""
_FORKING_SECONDS = 0.5
"""So long a number that was given away may be a process of ours on its way, that nobody sees yet."""
_PAGE = b"VCLOCK_PAGE="
_LOOKERS: set[int] = set()
"""Threads of this process that look for a clock again and again."""
_SLEEPS = (
    *(b"futex_", b"do_epoll_wait", b"ep_poll", b"poll_schedule_timeout", b"do_wait", b"wait_woken"),
    *(b"anon_pipe_read", b"pipe_read", b"unix_stream_read"),
)
"""Where in the kernel a thread only ever sleeps, for events: it takes a third of the time to ask for that place as for
all that stat tells. It is 0 of one that runs or could; a kernel may say 0 of all, and then stat is asked."""
_MANY = 256
"""New numbers that are looked at one by one."""
_PARENT_FIELD, _START_FIELD = 1, 19
_MEMORY_FIELDS = slice(45, 49)
"""Where a process's arguments and environment lie, elsewhere for each program: a fifth of the cost of what they say."""
_GROUP, _PARENT = re.compile(rb"^Tgid:\t(\d+)", re.MULTILINE), re.compile(rb"^PPid:\t(\d+)", re.MULTILINE)


class Observer:
    """Knows the processes from look to look: only what has changed costs anything."""

    def __init__(self, page_path: Path) -> None:
        """Watch this process and its descendants."""
        self._page = str(page_path).encode()
        self._own_page = _page_of(os.getpid())
        """Of whatever clock this process itself was started on: its children are, too, if nobody told them another."""
        self._watched: dict[int, _Watched] = {}
        self._busy: list[_Watched] = []
        """Who had run at the last look, and so most likely runs still."""
        self._load = os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC)
        self._packets = _packet_threads()
        self._own = os.getpid()
        self._last = self._last_number()
        self._missing: dict[int, float] = {}
        """Numbers that the kernel has given away, and that nobody bears, not yet or no longer; since when."""
        self._walk_at = 0.0
        self.watch(self._own)
        self._watch_descendants([self._own])

    def watch(self, pid: int, start: int | None = None) -> bool:
        """Count this process among them, and all that it starts; return whether it is one of them.

        Whoever waits on the page began at that tick, and is one whatever else is said of it.
        """
        if (known := self._watched.get(pid)) and start in (None, known.start):
            return True
        try:
            watched = _Watched(pid, self._page)
        except OSError:
            return False
        watched.waits = start is not None
        if start not in (None, watched.start) or self._is_anothers(watched):
            watched.close()
            return False
        if known:
            known.close()
        self._watched[pid] = watched
        return True

    def look[Found](self, inside: Callable[[], Found]) -> tuple[list[Sight], Found | None]:
        """Return what all of them do, and what was found while it was looked whether they do anything.

        Who was at work at the last look most likely still is: these are looked at first. When one of them is, or one has
        run since, nobody looks further: it is returned alone, and the finding stays out.
        """
        now = time.monotonic()
        self._describe_new(now)
        if sights := self._still_at_work(now):
            return sights, None
        ran = self._have_run(self._watched.values(), now)
        if ran and not self._busy:  # else they may have run before those came to rest: look further at once
            self._busy = ran
            return [each.sight(now, "") for each in ran], None
        self._find_new(now)
        states = {}
        for pid, each in list(self._watched.items()):
            letters = each.states()
            if letters is None:
                self._watched.pop(pid).close()
            else:
                states[pid] = letters
        found = inside()
        if not self._have_run(self._watched.values(), now):
            self._missing.clear()  # nobody of ours was in the middle of a fork
        sights = [each.sight(now, states[pid]) for pid, each in self._watched.items() if pid in states]
        self._busy = [self._watched[each.pid] for each in sights if reason(each)]
        return sights, found

    def _still_at_work(self, now: float) -> list[Sight]:
        """Look at those that were; and when programs off the clock have run last, since that counts."""
        off_clock = [each for each in self._watched.values() if not each.is_on_clock]
        likely = {each.pid: each for each in (*self._busy, *off_clock)}.values()
        if ran := self._have_run(likely, now):
            self._busy = ran
            return [each.sight(now, "") for each in ran]
        sights = [each.sight(now, each.states() or "" if each.is_on_clock else "") for each in likely]
        return [each for each in sights if reason(each)]

    def packet_states(self) -> str:
        """Return the states of the kernel's threads that deliver packets when there are too many for the sender."""
        return "".join(_state_of(os.pread(file, 512, 0)) for file in self._packets)

    def name(self, pid: int) -> str:
        """Return what a process is, in short."""
        return self._watched[pid].name if pid in self._watched else "?"

    def close(self) -> None:
        """Let go of all files."""
        for each in self._watched.values():
            each.close()
        self._watched.clear()
        for file in (self._load, *self._packets):
            os.close(file)

    def _have_run(self, processes: Iterable["_Watched"], now: float) -> list["_Watched"]:
        """Read their processor times anew; return those whose has grown."""
        for each in processes:
            try:
                used = _own_threads_nanos(each.threads()) if each.pid == self._own else _used_nanos(each.pid)
            except OSError:
                used = -1
            each.ran = used != each.used
            if each.ran:
                each.pace.note(now, (used - each.used) / 1e9)
                each.used = used
        return [each for each in processes if each.ran]

    def _find_new(self, now: float) -> None:
        """Find threads and processes that were started since: they have the numbers that the kernel gave away since."""
        last = self._last_number()
        if last != self._last:
            numbers = range(self._last + 1, last + 1)
            self._last = last
            if len(numbers) == 0 or len(numbers) > _MANY:  # they have come round, or it was long ago
                self._find_missed()
            self._missing.update(dict.fromkeys(numbers[-_MANY:], now))
        for number in list(self._missing):
            if self._classify(number):
                del self._missing[number]
        if now >= self._walk_at and any(now - since > _FORKING_SECONDS for since in self._missing.values()):
            # Others start processes all the time: were their numbers kept until all rest, looks would take so long that
            # all never rest. Whoever of ours came after all is a child of one of ours; but nor may every look go
            # through all of these.
            self._missing = {it: since for it, since in self._missing.items() if now - since <= _FORKING_SECONDS}
            self._walk_at = now + _FORKING_SECONDS
            self._find_missed()

    def _classify(self, number: int) -> bool:
        """Watch a new thread or process if it is one of ours; return whether it is there at all."""
        try:
            status = _read(f"/proc/{number}/status")
        except OSError:
            return False
        group, parent = (int(found[1]) for found in (_GROUP.search(status), _PARENT.search(status)) if found)
        if watched := self._watched.get(group):
            watched.add(number)
        elif (parent in self._watched or (parent == 1 and _page_of(group) == self._page)) and self.watch(group):
            self._watch_descendants([group])  # one that it has started may have been looked at before, and was nobody's
        return True

    def _describe_new(self, now: float) -> None:
        for pid, each in list(self._watched.items()):
            if each.describe_if_new(now) and self._is_anothers(each):
                self._watched.pop(pid).close()
                self._busy = [it for it in self._busy if it is not each]

    def _is_anothers(self, watched: "_Watched") -> bool:
        return not watched.waits and watched.pid != self._own and watched.page not in (None, self._page, self._own_page)

    def _find_missed(self) -> None:
        """Go through all of ours for threads and children that nobody knows of."""
        for each in self._watched.values():
            each.find_threads()
        self._watch_descendants(self._watched)

    def _watch_descendants(self, roots: Iterable[int]) -> None:
        children = defaultdict[int, list[int]](list)
        for name in os.listdir("/proc"):  # noqa: PTH208 - as _read
            if name.isdigit() and (pid := int(name)) not in self._watched:
                with contextlib.suppress(OSError):
                    children[int(_stat_of(pid)[_PARENT_FIELD])].append(pid)
        todo = list(roots)
        while todo:
            todo += [child for child in children[todo.pop()] if self.watch(child)]

    def _last_number(self) -> int:
        return int(os.pread(self._load, 128, 0).split()[-1])


class _Watched:
    def __init__(self, pid: int, page: bytes) -> None:
        self.pid, self._clocks_page = pid, page
        self.ran, self.used = True, -1
        self._found_at = time.monotonic()
        self.pace = Pace(self._found_at, self._found_at)
        self._files: dict[int, int] = {}
        self.page: bytes | None = None
        """The page of the clock that it was started on."""
        self.waits = False
        self.name = "?"
        self._memory: list[bytes] = []
        self.start = _start_of(pid)
        self._stat = os.open(f"/proc/{pid}/task/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        self.find_threads()
        self._describe()

    @property
    def is_on_clock(self) -> bool:
        return self.waits or self.pid == os.getpid() or self.page == self._clocks_page

    def describe_if_new(self, now: float) -> bool:
        """Look anew at what may still be replaced; return whether it was."""
        return now - self._found_at < _SETTLING_SECONDS and self._describe()

    def sight(self, now: float, states: str) -> Sight:
        return Sight(self.pid, self.name, self.ran, states, self.is_on_clock, self.pace.has_rested(now))

    def threads(self) -> Iterable[int]:
        return list(self._files)

    def states(self) -> str | None:
        """Return a letter for each thread but the one that looks; None when the process has ended."""
        letters, lookers = "", _looking()
        for thread, file in list(self._files.items()):
            if thread in lookers:
                continue
            try:
                letters += "S" if os.pread(file, 64, 0).startswith(_SLEEPS) else _thread_state(self.pid, thread)
            except (ProcessLookupError, FileNotFoundError):
                os.close(self._files.pop(thread))
        return letters if self._files else None

    def add(self, thread: int) -> None:
        """Know of one more thread."""
        if thread not in self._files:
            with contextlib.suppress(OSError):
                self._open(thread)

    def find_threads(self) -> None:
        """Know of all threads that there are."""
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{self.pid}/task"):  # noqa: PTH208 - as _read
                self.add(int(thread))

    def close(self) -> None:
        for file in (self._stat, *self._files.values()):
            os.close(file)
        self._files.clear()

    def _open(self, thread: int) -> None:
        self._files[thread] = os.open(f"/proc/{self.pid}/task/{thread}/wchan", os.O_RDONLY | os.O_CLOEXEC)

    def _describe(self) -> bool:
        """Find out what it runs, if that is another program than before; return whether it is."""
        try:
            memory = _fields(os.pread(self._stat, 1024, 0))[_MEMORY_FIELDS]
        except OSError:
            return False
        if memory == self._memory:
            return False
        self._memory = memory
        self.page = _page_of(self.pid)
        self.name = _command(self.pid) or self.name
        return True


@contextlib.contextmanager
def looking() -> Iterator[None]:
    """Let no clock count this thread's work meanwhile: it looks for one."""
    own = threading.get_native_id()
    _LOOKERS.add(own)
    try:
        yield
    finally:
        _LOOKERS.discard(own)


def _looking() -> set[int]:
    return {*_LOOKERS, threading.get_native_id()}


def name_of(pid: int, start: int) -> str | None:
    """Return what a process that began at that tick is, in short; None when it has ended."""
    try:
        return (_command(pid) or "?") if _start_of(pid) == start else None
    except OSError:
        return None


def thread_name(pid: int, thread: int) -> str:
    """Return what the kernel calls a thread."""
    try:
        return _read(f"/proc/{pid}/task/{thread}/comm").decode(errors="replace").strip()
    except OSError:
        return "?"


def _start_of(pid: int) -> int:
    """Return when a process began, in clock ticks since the machine's boot; by its first thread, as the library does."""
    return int(_stat_of(pid)[_START_FIELD])


def _stat_of(pid: int) -> list[bytes]:
    """Return what proc_pid_stat(5) tells of a process's first thread, from its state on."""
    return _fields(_read(f"/proc/{pid}/task/{pid}/stat"))


def _fields(stat: bytes) -> list[bytes]:
    return stat.rpartition(b") ")[2].split()


def _page_of(pid: int) -> bytes | None:
    """Return the page of the clock that a process was started on; None when it was on none, or has ended."""
    with contextlib.suppress(OSError):
        for variable in _read(f"/proc/{pid}/environ").split(b"\0"):
            if variable.startswith(_PAGE):
                return variable.removeprefix(_PAGE)
    return None


def _command(pid: int) -> str:
    try:
        words = _read(f"/proc/{pid}/cmdline").decode(errors="replace").split("\0")
    except OSError:
        return ""
    program = words[0].rpartition("/")[2]
    if "-m" in words[:-1]:
        return f"{program} -m {words[words.index('-m') + 1]}"
    script = next((word.rpartition("/")[2] for word in words[1:] if word.endswith((".py", ".js"))), "")
    return f"{program} {script}".strip()


def _thread_state(pid: int, thread: int) -> str:
    return _state_of(_read(f"/proc/{pid}/task/{thread}/stat"))


def _read(path: str) -> bytes:
    """Return a file of the kernel's; a Path takes three times as long, and there are thousands of them."""
    with open(path, "rb", 0) as file:  # noqa: PTH123
        return file.read()


def _state_of(stat: bytes) -> str:
    place = stat.rfind(b") ") + 2
    return chr(stat[place]) if place > 1 else "?"


def _used_nanos(pid: int) -> int:
    """Return the processor time that all threads of a process have used: its clock's number, see clock_getcpuclockid(3)."""
    return time.clock_gettime_ns(~pid << 3 | 2)


def _own_threads_nanos(threads: Iterable[int]) -> int:
    """Return that of this process's threads but those that look."""
    total, lookers = 0, _looking()
    for thread in threads:
        if thread not in lookers:
            with contextlib.suppress(OSError):
                total += time.clock_gettime_ns(~thread << 3 | 6)
    return total


def _packet_threads() -> list[int]:
    """Open the states of the kernel's ksoftirqd threads; where they are not to be seen there are none."""
    files = []
    with contextlib.suppress(OSError):
        for child in map(int, _read("/proc/2/task/2/children").split()):
            with contextlib.suppress(OSError):
                file = os.open(f"/proc/{child}/stat", os.O_RDONLY | os.O_CLOEXEC)
                if b"(ksoftirqd/" in os.pread(file, 128, 0):
                    files.append(file)
                else:
                    os.close(file)
    return files
