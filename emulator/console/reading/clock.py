"""The time of what is looked at, and what it waits for."""

import time
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httpx

from emulator.console.reading.place import Place
from emulator.harness.clients import http_client


@dataclass(frozen=True, kw_only=True)
class Strip:
    """What the clock strip shows."""

    now: float
    """By the cloud's clock, in seconds since the epoch."""
    wall: float
    speed: str = ""
    """In words; empty on AWS, whose clock nobody turns."""
    is_auto: bool = False
    """Time leaps over what nobody works in."""
    is_paused: bool = False
    due: tuple[dict[str, Any], ...] = field(default=())
    """What waits next: ``who`` and ``seconds`` from now; empty where it is not known."""


def read(place: Place) -> Strip:
    """Ask for the time."""
    if place.run is None:
        return Strip(now=place.target.now().timestamp(), wall=time.time())
    told = clock_state(place.run.control_url)
    speed = told["speed"]
    is_auto = speed == "auto"
    return Strip(
        now=float(told["now"]),
        wall=time.time(),
        speed="auto: leaps over waits" if is_auto else "real time" if speed == 1 else f"{speed:g} times real time",
        is_auto=is_auto,
        is_paused=bool(told["paused"]),
        due=tuple(told.get("due", ())),
    )


def clock_state(control_url: str) -> dict[str, Any]:
    """Return what the harness's control endpoint says of its clock."""
    return dict(http_client.get(f"{control_url}/clock").raise_for_status().json())


class WallTimes:
    """Which wall time belonged to which virtual one: looked at now and then, since speed changes and time leaps."""

    SAMPLES = 20_000

    def __init__(self) -> None:
        """Know nothing yet."""
        self._samples: deque[tuple[float, float]] = deque(maxlen=self.SAMPLES)

    def look(self, place: Place) -> None:
        """Note both times."""
        if place.run is None:
            return
        try:
            self.note(float(clock_state(place.run.control_url)["now"]), time.time())
        except (httpx.HTTPError, ValueError):
            return

    def note(self, virtual: float, wall: float) -> None:
        """Note a pair; virtual time does not go back."""
        if not self._samples or virtual > self._samples[-1][0]:
            self._samples.append((virtual, wall))

    def between(self, start: float, end: float) -> float | None:
        """Return how many wall seconds passed between two virtual moments; None where that was not watched."""
        first, last = self._at(start), self._at(end)
        return None if first is None or last is None else max(last - first, 0.0)

    def _at(self, virtual: float) -> float | None:
        samples = tuple(self._samples)
        after = bisect_left(samples, virtual, key=lambda it: it[0])
        if not 0 < after < len(samples):
            return None
        (v0, w0), (v1, w1) = samples[after - 1 : after + 1]
        return w0 + (w1 - w0) * (virtual - v0) / (v1 - v0)
