"""Lines and states over virtual time, as SVG has them. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

type Points = Sequence[tuple[float, float]]
"""Moment (seconds since the epoch) and value, in order of time."""
WIDTH, HEIGHT = 300.0, 84.0


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line."""

    name: str
    points: Points
    is_step: bool = False
    """The value holds until the next point."""
    total: float | None = None
    """How many in all, where the line counts what happened."""

    @property
    def told(self) -> str:
        """The total, or else the newest value."""
        if self.total is not None:
            return f"{self.total:g} in all"
        return f"{self.points[-1][1]:g}" if self.points else "not known"


def a_minute(counts: Points, period: float, end: float) -> Points:
    """Return what was counted in periods (seconds) as so many a minute; where nothing was counted, none happened."""
    found = list[tuple[float, float]]()
    for at, count in counts:
        quiet = found[-1][0] + period if found else at - period
        if quiet < at:
            found += [(it, 0.0) for it in sorted({quiet, at - period})]
        found.append((at, count * 60 / period))
    if found and found[-1][0] + period <= end:
        found += [(found[-1][0] + period, 0.0), (end, 0.0)]
    return found


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A state and how long it lasted: its place and its width in a box of WIDTH."""

    state: str
    x: float
    width: float


def stretches(now: str, changes: Sequence[tuple[float, str, str]], start: float, end: float) -> list[Stretch]:
    """Return a thing's states from start to end, of which it has the last ``now``.

    From its changes in order of time: moment, state before and after.
    """
    seen = [it for it in changes if start < it[0] <= end]
    moments = [start, *(at for at, _, _ in seen), end]
    states = [seen[0][1] if seen else now, *(after for _, _, after in seen)]
    scale = WIDTH / max(end - start, 1.0)
    return [
        Stretch(state=state, x=(begin - start) * scale, width=(until - begin) * scale)
        for state, (begin, until) in zip(states, pairwise(moments), strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Lines over one stretch of time, on one scale from 0."""

    title: str
    start: float
    end: float
    series: Sequence[Series] = field(default=())
    limit: float | None = None
    """A value drawn as a line of its own."""

    @property
    def top(self) -> float:
        """The scale's end: a round number no value exceeds."""
        values = [value for each in self.series for _, value in each.points]
        most = max([*values, self.limit or 0.0, 1.0])
        size = 10.0 ** math.floor(math.log10(most))
        return next(it * size for it in (1, 2, 5, 10) if it * size >= most)

    def path(self, series: Series) -> str:
        """Return the ``d`` of the line's path, in a box of WIDTH by HEIGHT; empty without points."""
        moves, before = list[str](), 0.0
        for at, value in series.points:
            x, y = self._x(at), self.y(value)
            if moves and series.is_step:
                moves.append(f"L{x:.1f} {before:.1f}")
            moves.append(f"{'L' if moves else 'M'}{x:.1f} {y:.1f}")
            before = y
        return "".join(moves) + ("h0" if len(moves) == 1 else "")  # a single point is a dot

    def y(self, value: float) -> float:
        """Return a value's height in the box."""
        return HEIGHT - value / self.top * (HEIGHT - 4) - 1

    def _x(self, at: float) -> float:
        return max(at - self.start, 0.0) / max(self.end - self.start, 1.0) * WIDTH
