"""The metrics of one account and region, in memory: what was published, found again by exact dimensions."""

import threading
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from localprocs.alarms.samples import Samples

MINUTE = 60
RETENTION_SECONDS = 15 * 24 * 3600
"""AWS keeps one-minute data so long."""

type Points = dict[int, float]
"""The values of a series by the start of their period, in seconds since the epoch, in order of time."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What a metric is known by."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Iterable[Mapping[str, str]] | None = None) -> "Metric":
        """Make one from the API's list of dimensions, whose order does not matter."""
        return cls(namespace, name, tuple(sorted((each["Name"], each["Value"]) for each in dimensions or ())))


@dataclass(slots=True)
class _Record:
    """One metric's samples by time and unit: minutes, or seconds where it was published in high resolution."""

    times: list[int] = field(default_factory=list)
    buckets: dict[int, dict[str, Samples]] = field(default_factory=dict)

    def at(self, time: int, unit: str) -> Samples:
        units = self.buckets.get(time)
        if units is None:
            units = self.buckets[time] = {}
            insort(self.times, time)
            self._forget(time - RETENTION_SECONDS)
        return units.setdefault(unit, Samples())

    def between(self, start: int, end: int, unit: str | None) -> Iterator[tuple[int, Samples]]:
        for time in self.times[bisect_left(self.times, start) : bisect_left(self.times, end)]:
            for name, samples in self.buckets[time].items():
                if unit is None or name == unit:
                    yield time, samples

    def _forget(self, before: int) -> None:
        if self.times[0] < before:
            gone = bisect_left(self.times, before)
            for time in self.times[:gone]:
                del self.buckets[time]
            del self.times[:gone]


class MetricStore:
    """Keeps and finds samples; safe to use from several threads."""

    def __init__(self) -> None:
        """Make an empty store."""
        self._records: dict[Metric, _Record] = {}
        self._lock = threading.Lock()

    def add(
        self,
        metric: Metric,
        time: float,
        value: float,
        unit: str = "None",
        times: float = 1.0,
        resolution: int = MINUTE,
    ) -> None:
        """Add a value, seen so many times."""
        with self._lock:
            self._samples(metric, time, unit, resolution).add(value, times)

    def add_set(
        self, metric: Metric, time: float, figures: Mapping[str, float], unit: str = "None", resolution: int = MINUTE
    ) -> None:
        """Add a statistic set: SampleCount, Sum, Minimum, Maximum."""
        with self._lock:
            self._samples(metric, time, unit, resolution).add_set(
                figures["SampleCount"], figures["Sum"], figures["Minimum"], figures["Maximum"]
            )

    def has_samples(self, metric: Metric, time: int) -> bool:
        """Tell whether anything was published for the minute that begins at this time."""
        with self._lock:
            return next(self._between(metric, time, time + MINUTE, None), None) is not None

    def series(
        self, metric: Metric, statistic: str, period: int, start: int, end: int, unit: str | None = None
    ) -> Points:
        """Return the statistic of each period from start (a period's begin) to end that has samples to tell it."""
        return {
            time: value
            for time, samples in self.samples(metric, period, start, end, unit).items()
            if (value := samples.statistic(statistic)) is not None
        }

    def samples(self, metric: Metric, period: int, start: int, end: int, unit: str | None = None) -> dict[int, Samples]:
        """Return the samples of each period that has any, by the period's begin."""
        periods: dict[int, Samples] = {}
        with self._lock:
            for time, samples in self._between(metric, start, end, unit):
                begin = start + (time - start) // period * period
                if begin in periods:
                    periods[begin].merge(samples)
                else:
                    periods[begin] = samples.copy()
        return periods

    def units(self, metric: Metric, start: int, end: int) -> list[str]:
        """Return the units in which samples were published in this time."""
        with self._lock:
            if metric not in self._records:
                return []
            record = self._records[metric]
            times = record.times[bisect_left(record.times, start) : bisect_left(record.times, end)]
            return list(dict.fromkeys(unit for time in times for unit in record.buckets[time]))

    def metrics(self) -> dict[Metric, int]:
        """Return every metric with the time of its newest samples."""
        with self._lock:
            return {metric: record.times[-1] for metric, record in self._records.items()}

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._records.clear()

    def _samples(self, metric: Metric, time: float, unit: str, resolution: int) -> Samples:
        step = 1 if resolution == 1 else MINUTE
        return self._records.setdefault(metric, _Record()).at(int(time) // step * step, unit)

    def _between(self, metric: Metric, start: int, end: int, unit: str | None) -> Iterator[tuple[int, Samples]]:
        record = self._records.get(metric)
        return iter(()) if record is None else record.between(start, end, unit)
