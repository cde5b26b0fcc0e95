"""What counts as work: while anybody works, virtual time runs at the wall's pace; when nobody does, it may leap.

Two readings of a process's processor time that are equal, with every thread found asleep in between, prove that none of
its threads ran meanwhile. Proved of all processes at once, nobody can wake anybody, and what is left to happen is what
somebody waits for. So a thread counts as working only by what the kernel says of it:

- It ran between the readings, or it is runnable: on a busy machine it waits for a processor, which is work not yet done.
- It waits for the disk (a file, a page that is read in, a program that is being started).
- A debugger has stopped it. A process stopped by SIGSTOP is not at work: it hangs, as others may have to notice.
- Bytes on loopback reach the receiver's queue, and wake it, before the sender's call returns. Only when a machine has
  too many of them they are left to a thread of the kernel, and are under way while that one is runnable. Bytes that lie
  in a queue whose reader sleeps are not: the reader will come for them at a moment of its own.
- Programs off the clock (Chromium) have timers of their own, on the wall's clock, that nobody sees. Frames come every
  16 ms: one that worked a moment ago is about to go on.

Ticks are no work by themselves: whoever ticks on the clock waits for a moment, and time leaps to it, not past it; whoever
ticks off the clock holds time for as long as it takes, and for a frame. (After a click Chromium looks ten times, every
50 ms, where the mouse is; had each look to be followed by three frames, time would stand for half a second.)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

REST_SECONDS = 0.05
"""Real seconds that a program off the clock must have rested from work: three frames."""
FRAME_SECONDS = 0.025
"""Real seconds that it must have rested from a tick: more than a frame, so that an animation never rests."""
TICK_SECONDS = 0.0005
"""Processor time of a tick at most; whatever it has started elsewhere is seen there."""
_STATES = {
    "R": "runnable",
    "D": "waiting for the disk",
    "t": "stopped by a debugger",
}


@dataclass(slots=True)
class Pace:
    """When a program last ran and worked: moments, and lengths, in real seconds."""

    ran_at: float = -inf
    worked_at: float = -inf
    _used: float = 0.0
    """Processor time since it last rested for a frame."""

    def note(self, now: float, used: float) -> None:
        """It has used so much processor time until now."""
        self._used = used + (self._used if now - self.ran_at < FRAME_SECONDS else 0)
        self.ran_at = now
        if self._used > TICK_SECONDS:
            self.worked_at = now

    def has_rested(self, now: float) -> bool:
        """Tell whether it is about to go on no more."""
        return now - self.ran_at >= FRAME_SECONDS and now - self.worked_at >= REST_SECONDS


@dataclass(frozen=True, slots=True)
class Sight:
    """A process between two readings of its processor time."""

    pid: int
    name: str
    ran: bool
    states: str
    """A letter for each thread, as proc_pid_stat(5) has them; empty when it ran, and nobody looked further."""
    is_on_clock: bool
    has_rested: bool
    """As a program off the clock must have."""


def reason(sight: Sight) -> str | None:
    """Return why the process is at work; None when it is not."""
    if sight.ran:
        return "on a CPU"
    for letter, meaning in _STATES.items():
        if letter in sight.states:
            return meaning
    if not sight.is_on_clock and not sight.has_rested:
        return "off the clock, and on a CPU a moment ago"
    return None


def has_debugged(sights: Iterable[Sight]) -> bool | None:
    """Tell whether a debugger has stopped somebody: time stands meanwhile; None where nobody looked."""
    states = "".join(sight.states for sight in sights)
    return "t" in states if states else None


def at_work(sights: Iterable[Sight], kernel: Iterable[str] = (), holds: Iterable[str] = ()) -> list[str]:
    """Tell who works and why, a line each.

    Args:
        sights: the processes that count
        kernel: a state letter for each thread of the kernel that delivers packets
        holds: what else time has to stand for, in words
    """
    found = [f"{sight.name} ({sight.pid}): {why}" for sight in sights if (why := reason(sight))]
    if "R" in kernel:
        found.append("the kernel: bytes under way on loopback")
    return [*found, *holds]
