"""Looks at one metric alarm: takes its data points from the store and judges them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localprocs.alarms.configuration import period_of, queries_of, statistic_of, threshold_of, watched_id
from localprocs.alarms.expressions import ExpressionError
from localprocs.alarms.metric_math import Series
from localprocs.alarms.metrics import Metric, MetricStore
from localprocs.alarms.queries import Queries
from localprocs.alarms.reasons import state_reason, state_reason_data
from localprocs.alarms.samples import percentile_of
from localprocs.alarms.threshold import State, Verdict, judge

_HALF = 50.0
_ENOUGH = 10.0
"""AWS: a percentile means something from 10 / (1 - p) samples on, below the median from 10 / p on."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a look at the alarm found."""

    state: State
    reason: str
    """Why the state changed; empty where it did not."""
    reason_data: str
    value: float | None
    """The newest data point that was weighed, which scaling policies act on."""


def evaluate(alarm: Mapping[str, Any], store: MetricStore, minute: int, now: float) -> Evaluation:
    """Judge the alarm by the data of the periods up to the end of this minute."""
    current = State(alarm["StateValue"])
    threshold, period, statistic = threshold_of(alarm), period_of(alarm), statistic_of(alarm)
    start = minute - threshold.evaluation_range * period
    times = range(start, minute, period)
    try:
        points, counts = _data_points(alarm, store, times)
    except (ExpressionError, KeyError) as error:
        return Evaluation(State.INSUFFICIENT_DATA, f"Insufficient Data: {error}", "{}", None)
    verdict = judge(threshold, points, current)
    if _has_too_few_samples(alarm, verdict, counts):
        verdict = Verdict(current, verdict.evaluated, verdict.filled, verdict.breaching)
    value = points[verdict.evaluated[0]] if verdict.evaluated else None
    if verdict.state is current:
        return Evaluation(current, "", "", value)
    reason = state_reason(threshold, verdict, points, times, current)
    unit = alarm.get("Unit")
    data = state_reason_data(
        threshold, verdict, points, times, counts, now=now, period=period, statistic=statistic, unit=unit
    )
    return Evaluation(verdict.state, reason, data, value)


def _data_points(
    alarm: Mapping[str, Any], store: MetricStore, times: range
) -> tuple[list[float | None], list[float | None]]:
    """Return the value of each period, and how many samples stand behind it where that can be told."""
    if alarm.get("Metrics"):
        watched = Queries(store, queries_of(alarm), times.start, times.stop).value(watched_id(alarm))
        points = watched.points if isinstance(watched, Series) else {}
        return [points.get(time) for time in times], [None] * len(times)
    metric = Metric.of(alarm["Namespace"], alarm["MetricName"], alarm.get("Dimensions"))
    samples = store.samples(metric, times.step, times.start, times.stop, alarm.get("Unit"))
    found = [samples.get(time) for time in times]
    statistic = statistic_of(alarm) or ""
    return (
        [None if each is None else each.statistic(statistic) for each in found],
        [None if each is None else each.count for each in found],
    )


def _has_too_few_samples(alarm: Mapping[str, Any], verdict: Verdict, counts: list[float | None]) -> bool:
    percentile = percentile_of(statistic_of(alarm) or "")
    if percentile is None or alarm.get("EvaluateLowSampleCountPercentile") != "ignore":
        return False
    tail = (100 - percentile if percentile >= _HALF else percentile) / 100
    return tail > 0 and sum(counts[place] or 0 for place in verdict.evaluated) < _ENOUGH / tail
