"""One thread that does what is due every minute of the clock (or oftener), however the clock runs or jumps."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from localprocs.alarms.metrics import MINUTE

LOG = logging.getLogger(__name__)

type Duty = Callable[[int, int], None]
"""Does what is due at the end of a minute: takes that moment, and that of its last call.

They lie more than a minute apart where the clock jumped, or where the machine could not keep up: one call then
answers for all the minutes between.
"""


@dataclass(slots=True)
class _Entry:
    every_seconds: int
    delay_seconds: int
    duty: Duty
    done: int
    """The moment of its last call."""
    is_needed: Callable[[], bool]

    def latest(self, now: float) -> int:
        """Return the latest moment at which it was due."""
        return int(now - self.delay_seconds) // self.every_seconds * self.every_seconds

    @property
    def due(self) -> int:
        """Return when it is due next."""
        return self.done + self.every_seconds + self.delay_seconds


class Minutes:
    """Calls its duties in order of their delay after each minute's end."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Make one that does not run yet."""
        self._clock = clock
        self._entries: list[_Entry] = []
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def at_each(
        self,
        duty: Duty,
        delay_seconds: int = 0,
        every_seconds: int = MINUTE,
        is_needed: Callable[[], bool] = lambda: True,
    ) -> None:
        """Have the duty done so many seconds after the end of each minute (or other stretch), from the next on.

        While one is not needed nobody wakes for it; that it is needed is noticed when the next one is due.
        """
        done = int(self._clock()) // every_seconds * every_seconds
        entry = _Entry(every_seconds, delay_seconds, duty, done, is_needed)
        self._entries = sorted([*self._entries, entry], key=lambda each: each.delay_seconds)

    def do_what_is_due(self) -> float:
        """Call the duties whose time has come, and return the seconds until the next one's."""
        entries, now = self._entries, self._clock()
        for entry in entries:
            moment = entry.latest(now)
            if moment > entry.done:
                last, entry.done = entry.done, moment
                if entry.is_needed():
                    _do(entry.duty, moment, last)
        return min((entry.due for entry in entries if entry.is_needed()), default=now + MINUTE) - self._clock()

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="virtual-minutes", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread, after the duty under way."""
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._stopped.wait(max(self.do_what_is_due(), 0.001))


def _do(duty: Duty, moment: int, last: int) -> None:
    try:
        duty(moment, last)
    except Exception:  # the other duties, and this one's next minute, must not fail with it
        LOG.exception("what is due every minute failed")


MINUTES = Minutes()
"""The one of this process."""
