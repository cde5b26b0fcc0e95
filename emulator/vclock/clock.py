"""One virtual time for many processes, and the hand that turns it."""

import math
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from emulator.vclock.build import library
from emulator.vclock.errors import ClockRefused
from emulator.vclock.page import NANOS, Page, Reading

SPEED_RANGE = (0.1, 1000.0)
"""At 1000 the millisecond that a busy machine takes to wake a thread is a virtual second already."""
LONGEST_JUMP_SECONDS = 10 * 365 * 24 * 3600
# 2200-01-01: past 2262 the nanoseconds of a date no longer fit 64 bits.
LATEST_SECONDS = 7_258_118_400


@dataclass(frozen=True)
class ClockState:
    """What the clock shows."""

    now: float
    """Virtual seconds since the Unix epoch."""
    speed: float
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
        self._reading = threading.Lock()
        self._is_closed = False

    @classmethod
    def create(cls, speed: float = 1.0, *, directory: Path | None = None) -> Self:
        """Start a clock at the present moment.

        Raises ClockRefused for a speed out of SPEED_RANGE, ClockUnavailable where no clock can be had.
        """
        checked = checked_speed(speed)
        preload = library()
        return cls(Page(preload, checked, directory), preload)

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
        return ClockState(now=reading.realtime / NANOS, speed=reading.speed, paused=bool(reading.paused))

    def set_speed(self, speed: float) -> None:
        """Let virtual time run so many times as fast as the wall's from now on; a paused clock stays paused."""
        checked = checked_speed(speed)
        with self._change() as before:
            self._page.change(speed=checked, paused=bool(before.paused))

    def pause(self) -> None:
        """Stop time: waits no longer end by time-out, events still arrive."""
        with self._change() as before:
            self._page.change(speed=before.speed, paused=True)

    def resume(self) -> None:
        """Let time go on where it stood."""
        with self._change() as before:
            self._page.change(speed=before.speed, paused=False)

    def jump(self, seconds: float) -> None:
        """Go ahead by so many seconds: whoever waits for a moment up to then is woken. A paused clock stays paused."""
        checked = _checked_number("a jump", seconds, 0, LONGEST_JUMP_SECONDS, "seconds ahead (time never goes back)")
        with self._change() as before:
            if before.realtime / NANOS + checked > LATEST_SECONDS:
                message = "a jump must end before the year 2200"
                raise ClockRefused(message)
            self._page.change(speed=before.speed, paused=bool(before.paused), jump_nanos=round(checked * NANOS))

    def close(self) -> None:
        """End the clock and remove its page; processes still on it go on at its last speed, never paused."""
        self._is_closed = True  # from here on every change is refused
        with self._changing, self._reading:
            page, self._page = self._page, None  # type: ignore[assignment]
            if page is None:
                return
            reading = page.read()
            if reading.paused:
                page.change(speed=reading.speed, paused=False, patience_nanos=0)
            page.close()

    def __enter__(self) -> Self:
        """Return the clock."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the clock."""
        self.close()

    def _read(self) -> Reading:
        with self._reading:
            if self._is_closed:
                raise ClockRefused(_STOPPED)
            return self._page.read()

    @contextmanager
    def _change(self) -> Iterator[Reading]:
        if self._is_closed:
            raise ClockRefused(_STOPPED)
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

    def set_speed(self, speed: float) -> None:
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


def checked_speed(speed: object) -> float:
    """Return the speed as a number, or raise ClockRefused with the allowed range."""
    return _checked_number("the speed", speed, *SPEED_RANGE, "times the wall clock")


def _checked_number(what: str, value: object, least: float, most: float, unit: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value) or not least <= value <= most:
        message = f"{what} must be a number from {least:g} to {most:.12g} {unit}, not {value!r:.40}"
        raise ClockRefused(message)
    return float(value)


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
