"""The samples of one metric in one stretch of time, and the statistics CloudWatch makes of them."""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

_ALL = 100.0
BASIC_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_PERCENTILE = re.compile(r"p(\d{1,3}(?:\.\d+)?)$")
_UPPER_ONLY = re.compile(r"(tm|tc|ts|wm)(\d{1,3}(?:\.\d+)?)$")
_RANGE = re.compile(r"(TM|TC|TS|WM|PR)\(\s*([\d.]*)(%?)\s*:\s*([\d.]*)(%?)\s*\)$", re.IGNORECASE)


@dataclass(slots=True)
class Samples:
    """What was published: how often each value, or, of a statistic set, only its four figures."""

    count: float = 0.0
    total: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    times: dict[float, float] = field(default_factory=dict)
    """How often each value was published."""
    is_complete: bool = True
    """Whether every sample stands in ``times``, so that percentiles can be told."""

    def add(self, value: float, times: float = 1.0) -> None:
        """Add a value that was seen so many times."""
        self.count += times
        self.total += value * times
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)
        self.times[value] = self.times.get(value, 0.0) + times

    def add_set(self, count: float, total: float, minimum: float, maximum: float) -> None:
        """Add a statistic set; percentiles survive it only where all of its samples are equal, as on AWS."""
        if minimum == maximum:
            self.add(minimum, count)
            return
        self.count += count
        self.total += total
        self.minimum = min(self.minimum, minimum)
        self.maximum = max(self.maximum, maximum)
        self.is_complete = False

    def copy(self) -> "Samples":
        """Return a copy that does not change with this."""
        return replace(self, times=dict(self.times))

    def merge(self, other: "Samples") -> None:
        """Add all that the other holds."""
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.is_complete = self.is_complete and other.is_complete
        for value, times in other.times.items():
            self.times[value] = self.times.get(value, 0.0) + times

    def statistic(self, name: str) -> float | None:  # noqa: PLR0911 - one a statistic
        """Return the statistic, or nothing where these samples cannot tell it.

        Raises ValueError for a name that is no statistic (see ``is_statistic``).
        """
        if not self.count:
            return None
        match name:
            case "SampleCount":
                return self.count
            case "Sum":
                return self.total
            case "Average":
                return self.total / self.count
            case "Minimum":
                return self.minimum
            case "Maximum":
                return self.maximum
        return self._distribution(name) if self.is_complete else None

    def _distribution(self, name: str) -> float | None:
        if found := _PERCENTILE.match(name):
            return self._value_at(float(found[1]))
        kind, low, high = _bounds(name, self._value_at)
        if kind == "wm":
            kept = [(min(max(value, low), high), times) for value, times in self.times.items()]
        else:
            kept = [(value, times) for value, times in self.times.items() if low <= value <= high]
        count = sum(times for _, times in kept)
        match kind:
            case "tc":
                return count
            case "pr":
                return count / self.count * 100
            case "ts":
                return _total(kept)
        return _total(kept) / count if count else None

    def _value_at(self, percentile: float) -> float:
        """Return the smallest value that so many per cent of the samples do not exceed."""
        rank = math.ceil(self.count * percentile / 100 - 1e-9)
        seen = 0.0
        for value in sorted(self.times):
            seen += self.times[value]
            if seen >= rank:
                return value
        return self.maximum


def is_statistic(name: str) -> bool:
    """Tell whether CloudWatch knows a statistic of this name."""
    if name in BASIC_STATISTICS or name == "IQM" or _RANGE.match(name):
        return True
    found = _PERCENTILE.match(name) or _UPPER_ONLY.match(name)
    return found is not None and float(found.groups()[-1]) <= _ALL


def percentile_of(name: str) -> float | None:
    """Return NN of a statistic pNN, else nothing."""
    found = _PERCENTILE.match(name)
    return float(found[1]) if found else None


def _total(kept: Iterable[tuple[float, float]]) -> float:
    return sum(value * times for value, times in kept)


def _bounds(name: str, value_at: Callable[[float], float]) -> tuple[str, float, float]:
    if name == "IQM":
        return "tm", value_at(25), value_at(75)
    if found := _UPPER_ONLY.match(name):
        return found[1], -math.inf, value_at(float(found[2]))
    if not (found := _RANGE.match(name)):
        message = f"The value {name} for parameter Stat is not supported."
        raise ValueError(message)
    kind, low, low_is_percent, high, high_is_percent = found.groups()
    is_percent = bool(low_is_percent or high_is_percent)
    lower = -math.inf if not low else value_at(float(low)) if is_percent else float(low)
    upper = math.inf if not high else value_at(float(high)) if is_percent else float(high)
    return kind.lower(), lower, upper
