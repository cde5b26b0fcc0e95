"""One virtual time for many processes, and the hand that turns it."""

import math
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from localprocs.vclock.build import library
from localprocs.vclock.errors import ClockRefused, NotWithin, StillWorking
from localprocs.vclock.governor import PATIENCE_SECONDS, Due, Governor, dues
from localprocs.vclock.page import NANOS, Page, Reading

SPEED_RANGE = (0.1, 1000.0)
"""At 1000 the millisecond that a busy machine takes to wake a thread is a virtual second already."""
LONGEST_JUMP_SECONDS = 10 * 365 * 24 * 3600
# 2200-01-01: past 2262 the nanoseconds of a date no longer fit 64 bits.
LATEST_SECONDS = 7_258_118_400
_EARLIEST_SECONDS = 946_684_800
"""2000-01-01: what runs on the clock must not take a date for none."""


type Speed = float | Literal["auto"]
AUTO: Literal["auto"] = "auto"
"""Time stands by work at the wall's pace, and leaps to the next moment that somebody waits for when nobody works."""


@dataclass(frozen=True)
class ClockState:
    """What the clock shows."""

    now: float
    """Virtual seconds since the Unix epoch."""
    speed: Speed
    paused: bool


class Clock:
    """A virtual clock that processes started with `env()` share.

    All of its changes take effect at once everywhere: whoever waits is woken, and looks at the new time.
    """

    def __init__(self, page: Page, preload: Path) -> None:
        """Use `Clock.create`."""
        self._page = page
        self._preload = preload
        self._changing = threading.Lock()
        """Who changes the clock, for as long as it takes; another one is refused."""
        self._turn = threading.Lock()
        """Who writes to the page."""
        self._reading = threading.Lock()
        self._governor: Governor | None = None
        self._is_auto = False
        self._is_closed = False

    @classmethod
    def create(cls, speed: Speed = 1.0, *, directory: Path | None = None, begins: float | None = None) -> Self:
        """Start a clock at the present moment, or at a date (seconds since the epoch).

        Raises ClockRefused for a speed out of SPEED_RANGE or a date outside of 2000 to 2200, ClockUnavailable where no
        clock can be had.
        """
        checked = checked_speed(speed)
        if begins is not None and not _EARLIEST_SECONDS <= begins < LATEST_SECONDS:
            message = f"a clock begins between the years 2000 and 2200, not at {begins:g} seconds since 1970"
            raise ClockRefused(message)
        preload = library()
        clock = cls(Page(preload, _pace(checked), directory, begins), preload)
        if checked == AUTO:
            clock.set_speed(AUTO)
        return clock

    def env(self, base: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return the variables that put another process, and all that it starts, on this clock."""
        preloads = [_preloadable(self._preload), *base.get("LD_PRELOAD", "").replace(":", " ").split()]
        return {"LD_PRELOAD": ":".join(dict.fromkeys(preloads)), "VCLOCK_PAGE": str(self._page.path)}

    def now(self) -> float:
        """Return virtual seconds since the Unix epoch."""
        return self._read().realtime / NANOS

    def monotonic(self) -> float:
        """Return virtual seconds from an arbitrary start; never goes back."""
        return self._read().monotonic / NANOS

    def state(self) -> ClockState:
        """Return the time, the speed, and whether the clock stands still."""
        reading = self._read()
        return ClockState(reading.realtime / NANOS, AUTO if self._is_auto else reading.speed, bool(reading.paused))

    def set_speed(self, speed: Speed) -> None:
        """Let virtual time run so many times as fast as the wall's from now on; a paused clock stays paused."""
        checked = checked_speed(speed)
        with self._change() as before:
            self._is_auto = checked == AUTO
            if not self._is_auto and self._governor is not None:
                self._governor.rest()
            with self._turn:
                self._epoch(paused=bool(before.paused), speed=_pace(checked))
            if self._is_auto:
                self._governing().run()

    def pause(self) -> None:
        """Stop time: waits no longer end by time-out, events still arrive."""
        with self._change() as before, self._turn:
            self._epoch(speed=before.speed, paused=True)

    def resume(self) -> None:
        """Let time go on where it stood."""
        with self._change() as before, self._turn:
            self._epoch(speed=before.speed, paused=False)

    def jump(self, seconds: float) -> None:
        """Go ahead by so many seconds: whoever waits for a moment up to then is woken. A paused clock stays paused."""
        checked = _checked_stretch("a jump", seconds)
        with self._change() as before, self._turn:
            _check_end("a jump", before, checked)
            self._epoch(speed=before.speed, paused=bool(before.paused), jump_nanos=round(checked * NANOS))

    def settle(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Return when nothing that is due is left to do.

        Raises StillWorking, which says who works, after so many real seconds.
        """
        with self._govern() as governor:
            governor.settle(patience_seconds)

    def advance(self, seconds: float, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Go ahead by so many seconds, from one due moment to the next, the work of each done before; return settled.

        Time does not leave out work: it may end a little later than asked for, by what the last work took.
        Raises StillWorking, which says who works, when so many real seconds bring neither rest nor a leap.
        """
        checked = _checked_stretch("an advance", seconds)
        with self._govern() as governor:
            _check_end("an advance", self._read(), checked)
            governor.advance(checked, patience_seconds)

    def until[Found](
        self,
        predicate: Callable[[], Found],
        within: float,
        each: float | None = None,
        what: str = "what was waited for",
    ) -> Found:
        """Advance until the predicate is true, and return what it found; it is asked every `each` seconds, settled.

        Times are virtual. Where work never rests, for its machine is too busy for it, time passes all the same, and it is
        asked in the middle of work. Raises NotWithin when it is not true by then, and StillWorking when time stands, too.
        """
        step = max(1.0, within / 200) if each is None else each
        self._come_to_rest(0)
        end = self.monotonic() + within
        while not (found := predicate()):
            left = end - self.monotonic()
            if left <= 0:
                message = f"{what} did not come about within {within:g} virtual seconds"
                raise NotWithin(message)
            self._come_to_rest(min(step, left))
        return found

    def _come_to_rest(self, ahead: float) -> None:
        begun = self.monotonic()
        try:
            if ahead:
                self.advance(ahead)
            else:
                self.settle()
        except StillWorking:
            if self.monotonic() - begun < (ahead or 1.0):
                raise

    def dues(self) -> list[Due]:
        """Return who waits on the clock and until when, the next one first."""
        with self._reading:
            self._require_open()
            return dues(self._page)

    def next_due(self) -> Due | None:
        """Return who waits for the next moment, and when that is; None when nobody waits."""
        return next(iter(self.dues()), None)

    def wakes(self) -> dict[str, int]:
        """Return how often time leaped to a moment of whom, by program and thread, the loudest first."""
        return self._governor.wakes() if self._governor else {}

    @contextmanager
    def hold(self, reason: str) -> Iterator[None]:
        """Let time stand meanwhile, and a verb that gives up say why: a person looks at what is."""
        with self._turn:
            governor = self._governing()
        was_paused = self.state().paused
        with governor.hold(reason):
            if not was_paused:
                self.pause()
            try:
                yield
            finally:
                if not (was_paused or self._is_closed):
                    self.resume()

    def close(self) -> None:
        """End the clock and remove its page; processes still on it go on at its last speed, never paused."""
        self._is_closed = True  # from here on every change is refused
        governor, self._governor = self._governor, None
        if governor is not None:
            governor.close()
        with self._changing, self._reading:
            page, self._page = self._page, None  # type: ignore[assignment]
            if page is None:
                return
            reading = page.read()
            patience = NANOS // 4 if self._is_auto else 0
            if reading.paused or self._is_auto:
                page.change(speed=reading.speed, paused=False, patience_nanos=patience)
            page.close()

    def __enter__(self) -> Self:
        """Return the clock."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the clock."""
        self.close()

    def _read(self) -> Reading:
        with self._reading:
            self._require_open()
            return self._page.read()

    def _require_open(self) -> None:
        if self._is_closed:
            raise ClockRefused(_STOPPED)

    def _epoch(self, *, speed: float, paused: bool, jump_nanos: int = 0) -> None:
        self._page.change(speed=speed, paused=paused, stands_by=self._is_auto, jump_nanos=jump_nanos)

    def _governing(self) -> Governor:
        if self._governor is None:
            self._governor = Governor(self._page, self._turn)
        return self._governor

    @contextmanager
    def _govern(self) -> Iterator[Governor]:
        """Leap by somebody's wish; at a fixed speed nobody watches over the waiters afterwards, so all look anew."""
        with self._change():
            governor = self._governing()
            try:
                yield governor
            finally:
                if not (self._is_auto or self._is_closed):
                    reading = self._read()
                    self._epoch(speed=reading.speed, paused=bool(reading.paused))

    @contextmanager
    def _change(self) -> Iterator[Reading]:
        self._require_open()
        if not self._changing.acquire(blocking=False):
            message = "another change of the clock is under way; ask again when it is done"
            raise ClockRefused(message)
        try:
            yield self._read()
        finally:
            self._changing.release()


class WallClock:
    """The machine's own time, for a stack that runs without a virtual clock; it cannot be changed."""

    def __init__(self, reason: str = "this stack runs on the machine's clock; start it with --speed") -> None:
        """Give the reason that a refusal names."""
        self._reason = reason

    def env(self, base: Mapping[str, str] = os.environ) -> dict[str, str]:  # noqa: ARG002 - as Clock's
        """Return nothing: nothing is preloaded."""
        return {}

    def now(self) -> float:
        """Return seconds since the Unix epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back."""
        return time.monotonic()

    def state(self) -> ClockState:
        """Return the time; its speed is 1."""
        return ClockState(now=time.time(), speed=1.0, paused=False)

    def set_speed(self, speed: Speed) -> None:
        """Refuse."""
        checked_speed(speed)
        self._refuse()

    def pause(self) -> None:
        """Refuse."""
        self._refuse()

    def resume(self) -> None:
        """Refuse."""
        self._refuse()

    def jump(self, seconds: float) -> None:  # noqa: ARG002 - as Clock's
        """Refuse."""
        self._refuse()

    def settle(self, patience_seconds: float = PATIENCE_SECONDS) -> None:  # noqa: ARG002 - as Clock's
        """Refuse."""
        self._refuse()

    def advance(self, seconds: float, patience_seconds: float = PATIENCE_SECONDS) -> None:  # noqa: ARG002 - as Clock's
        """Refuse."""
        self._refuse()

    def until[Found](
        self,
        predicate: Callable[[], Found],
        within: float,
        each: float | None = None,
        what: str = "what was waited for",
    ) -> Found:
        """Wait at the machine's pace until the predicate is true, and return what it found; ask every `each` seconds.

        Raises NotWithin when it is not true by then.
        """
        end = time.monotonic() + within
        while not (found := predicate()):
            if time.monotonic() >= end:
                message = f"{what} did not come about within {within:g} s"
                raise NotWithin(message)
            time.sleep(each or 1.0)
        return found

    def dues(self) -> list[Due]:
        """Return nobody: who waits on the machine's clock is not known."""
        return []

    def next_due(self) -> Due | None:
        """Return nobody."""
        return None

    @contextmanager
    def hold(self, reason: str) -> Iterator[None]:  # noqa: ARG002 - as Clock's
        """Do nothing: nothing leaps."""
        yield

    def close(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        """Return the clock."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def _refuse(self) -> None:
        message = f"time cannot be changed: {self._reason}"
        raise ClockRefused(message)


def checked_speed(speed: object) -> Speed:
    """Return "auto", or the speed as a number, or raise ClockRefused with the allowed range."""
    if speed == AUTO:
        return AUTO
    return _checked_number("the speed", speed, *SPEED_RANGE, 'times the wall clock, or "auto"')


def parse_speed(text: str) -> Speed:
    """Read a speed as people write it: auto, or a number; raise ClockRefused with what is allowed."""
    try:
        return checked_speed(AUTO if text == AUTO else float(text))
    except ValueError:
        return checked_speed(text)


def _checked_number(what: str, value: object, least: float, most: float, unit: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value) or not least <= value <= most:
        message = f"{what} must be a number from {least:g} to {most:.12g} {unit}, not {value!r:.40}"
        raise ClockRefused(message)
    return float(value)


def _checked_stretch(what: str, seconds: object) -> float:
    return _checked_number(what, seconds, 0, LONGEST_JUMP_SECONDS, "seconds ahead (time never goes back)")


def _check_end(what: str, before: Reading, seconds: float) -> None:
    if before.realtime / NANOS + seconds > LATEST_SECONDS:
        message = f"{what} must end before the year 2200"
        raise ClockRefused(message)


def _pace(speed: Speed) -> float:
    return 1.0 if speed == AUTO else speed


def _preloadable(path: Path) -> str:
    """Return a name of the file that LD_PRELOAD can hold: it knows no quoting, and splits at blanks and colons."""
    if not set(str(path)) & {" ", ":", "\t", "\n"}:
        return str(path)
    link = Path(tempfile.gettempdir()) / f"huntaze-{os.getuid()}-{path.name}"
    fresh = link.with_name(f"{link.name}.{os.getpid()}")
    fresh.symlink_to(path)
    fresh.replace(link)
    return str(link)


_STOPPED = "the clock has been stopped, and cannot be changed or read any more"
