"""Moves virtual time: it stands by work at the clock's speed, and leaps to the next moment that somebody waits for."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from localprocs.vclock.errors import StillWorking
from localprocs.vclock.observer import Observer, looking, name_of, thread_name
from localprocs.vclock.page import EARLIEST, NANOS, Page, Waiter
from localprocs.vclock.work import at_work, has_debugged

PATIENCE_SECONDS = 240.0
"""Real seconds without a moment of rest, or a leap, after which a verb gives up: below the time of a test (300 s), and
enough for what a busy machine does at a stretch (five tasks with their browsers, say)."""
_LATE_SECONDS = 2.0
"""Real seconds after which one whose moment has come, and who does not look, holds nobody up any more."""
_CALL_AGAIN_SECONDS = 0.002
"""Real seconds after which one that has not looked is called again: most look at the first call, and a call costs 0.1 ms."""
_SHORTEST_PAUSE, _LONGEST_PAUSE, _PAUSE_WHILE_PAUSED = 0.0001, 0.003, 0.05
_MANY = 5


@dataclass(frozen=True)
class Due:
    """Who waits, and until when."""

    name: str
    pid: int
    at: float
    """Virtual seconds since the Unix epoch."""
    seconds: float
    """From now; below 0 when the moment has come, and it has not gone on yet."""


class Governor:
    """Leaps a clock's page; all methods may be called from any thread, and verbs wait for each other."""

    def __init__(self, page: Page, turn: threading.Lock) -> None:
        """Watch this process, its descendants, and whoever waits on the page; who has the turn changes the page."""
        self._page = page
        self._observer = Observer(page.path)
        self._turn = turn
        self._is_closed = False
        self._overdue: dict[tuple[int, int, int], tuple[float, float]] = {}
        """Since when each is due whose moment has come, and when it was called last; real seconds."""
        self._holds: list[str] = []
        self._debugged: bool | None = False
        self.leaps = 0
        self._wakes: Counter[tuple[int, int]] = Counter()
        self._working: list[str] = []
        self._stop = threading.Event()
        self._runner: threading.Thread | None = None

    def run(self) -> None:
        """Leap whenever nobody works, until `rest`."""
        if self._runner is None:
            self._stop.clear()
            self._runner = threading.Thread(target=self._run, name="vclock-governor", daemon=True)
            self._runner.start()

    def rest(self) -> None:
        """Leap no more by itself."""
        if self._runner is not None:
            self._stop.set()
            self._runner.join()
            self._runner = None

    def close(self) -> None:
        """End; a verb under way gives up."""
        self._is_closed = True
        self.rest()
        with self._turn:
            self._observer.close()

    @contextmanager
    def hold(self, reason: str) -> Iterator[None]:
        """Count as work meanwhile."""
        self._holds.append(reason)
        try:
            yield
        finally:
            self._holds.remove(reason)

    def settle(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Return when nothing that is due is left to do; raise StillWorking when that takes too long."""
        with self._turn:
            self._go(None, patience_seconds)

    def advance(self, seconds: float, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Go so far ahead, one due moment after the other, each one's work done before the next; return settled."""
        with self._turn:
            self._go(self._page.read().elapsed + round(seconds * NANOS), patience_seconds)

    @looking()
    def _run(self) -> None:
        pause, is_debugged = _SHORTEST_PAUSE, False
        while not self._stop.wait(pause):
            with self._turn:
                is_paused = bool(self._page.read().paused)
                leaped = self._try(None, leap=not is_paused)
                if self._debugged is not None and self._debugged != is_debugged:
                    is_debugged = self._debugged
                    self._page.change(speed=1.0, paused=is_debugged, stands_by=True)
            longest = _PAUSE_WHILE_PAUSED if is_paused else _LONGEST_PAUSE
            pause = _SHORTEST_PAUSE if leaped else min(pause * 1.6, longest)

    def _go(self, target: int | None, patience_seconds: float) -> None:
        pause, last = _SHORTEST_PAUSE, time.monotonic()
        while True:
            leaped = self._try(target, leap=target is not None)
            if not self._working and not leaped and (target is None or self._page.read().elapsed >= target):
                return
            if leaped:
                pause, last = _SHORTEST_PAUSE, time.monotonic()
            elif self._is_closed or time.monotonic() - last > patience_seconds:
                raise StillWorking(patience_seconds, self._working[:_MANY])
            time.sleep(pause)
            pause = min(pause * 1.6, _LONGEST_PAUSE)

    def _try(self, limit: int | None, *, leap: bool) -> bool:
        """Leap to the next moment if nobody works, and return whether it did; else note who works."""
        self._working = self._call_due(self._page.waiters(self._page.read().elapsed))
        if self._working:
            return False
        sights, waiters = self._observer.look(lambda: self._page.waiters(EARLIEST))
        if waiters is not None:  # all were looked at
            self._debugged = has_debugged(sights)
        self._working = at_work(sights, self._observer.packet_states(), self._holds)
        if self._working or waiters is None:
            return False
        self._working = self._call_due(waiters)
        now = self._page.read().elapsed
        moments = [moment for each in waiters if (moment := moment_of(each, now)) is not None and moment > now]
        if limit is not None:
            moments.append(limit)
        if self._working or not moments or not leap or min(moments) <= now:
            return False
        self._page.leap(min(moments))
        self._note(waiters, min(moments))
        self._call_due(waiters)
        return True

    def _note(self, waiters: list[Waiter], moment: int) -> None:
        self.leaps += 1
        for each in waiters:
            if not each.is_timers and each.due <= moment:
                self._wakes[each.pid, each.thread] += 1

    def wakes(self) -> dict[str, int]:
        """Return how often time leaped to a moment of whom, by program and thread; of those that still run."""
        with self._turn:
            found = Counter[str]()
            for (pid, thread), count in self._wakes.items():
                found[f"{self._observer.name(pid)} [{thread_name(pid, thread)}]"] += count
            return dict(found.most_common())

    def _call_due(self, waiters: list[Waiter]) -> list[str]:
        """Have those look at the clock whose moment has come; return who has not gone on yet."""
        reading, real = self._page.read(), time.monotonic()
        late, found = {}, []
        for each in waiters:
            moment = moment_of(each, reading.elapsed)
            if not each.is_looking and (moment is None or moment > reading.elapsed):
                continue
            if not self._observer.watch(each.pid, each.start):
                self._page.bury(each)
                continue
            key = (each.slot, each.thread, each.due)
            since, called = self._overdue.get(key, (real, 0.0))
            if each.generation != reading.generation and not each.is_looking and real - called >= _CALL_AGAIN_SECONDS:
                self._page.call(each)
                called = real
            late[key] = since, called
            if real - since < _LATE_SECONDS:
                found.append(f"{self._observer.name(each.pid)} ({each.pid}): its moment has come")
        self._overdue = late
        return found


def dues(page: Page) -> list[Due]:
    """Return who waits, the next one first."""
    now, found = page.read(), []
    for each in page.waiters():
        moment = None if each.is_looking else moment_of(each, now.elapsed)
        if moment is not None and (name := name_of(each.pid, each.start)):
            left = moment - now.elapsed
            found.append(
                Due(
                    f"{name} [{thread_name(each.pid, each.thread)}]",
                    each.pid,
                    (now.realtime + left) / NANOS,
                    left / NANOS,
                )
            )
    return sorted(found, key=lambda it: it.at)


def moment_of(waiter: Waiter, now: int) -> int | None:
    """Return the moment that it waits for next: timers that have ticked do so again, or have done with it."""
    if not waiter.is_timers or waiter.due > now or now - waiter.due < _TICKING:
        return waiter.due
    if not waiter.interval:
        return None
    return waiter.due + -(-(now - waiter.due) // waiter.interval) * waiter.interval


_TICKING = 5_000_000
"""Nanoseconds within which the kernel has told a process of a tick."""
