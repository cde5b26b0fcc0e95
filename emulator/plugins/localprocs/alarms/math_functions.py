"""The functions of metric math, by name."""

import math
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from localprocs.alarms.expressions import ExpressionError
from localprocs.alarms.metric_math import Function, Scope, Series, Value, as_list
from localprocs.alarms.metrics import Points

_MAX_ARGUMENTS: Final = 4


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _deviation(values: Sequence[float]) -> float:
    return statistics.pstdev(values) if values else 0.0


_AGGREGATES: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "SUM": lambda values: float(sum(values)),
    "AVG": _mean,
    "MIN": lambda values: min(values, default=0.0),
    "MAX": lambda values: max(values, default=0.0),
    "STDDEV": _deviation,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}
_ZERO_FILLED: Final = ("AVG",)
"""Of several series these take a missing data point as 0; the others leave it out."""


def _aggregate(name: str) -> Function:
    function = _AGGREGATES[name]

    def over(_scope: Scope, arguments: Sequence[Value]) -> Value:
        (value,) = _exactly(1, arguments)
        if isinstance(value, Series):
            return function(value.values())
        several = as_list(value)
        points: Points = {}
        for time in sorted({time for series in several for time in series.points}):
            if name in _ZERO_FILLED:
                points[time] = function([series.points.get(time, 0.0) for series in several])
            else:
                points[time] = function([series.points[time] for series in several if time in series.points])
        return Series(points, several[0].period if several else _scope.period)

    return over


def _each_point(function: Callable[[float], float]) -> Function:
    def over(_scope: Scope, arguments: Sequence[Value]) -> Value:
        (value,) = _exactly(1, arguments)
        if isinstance(value, float):
            return function(value)
        return _map(value, lambda series: {time: function(each) for time, each in series.points.items()})

    return over


def _each_step(function: Callable[[float, int], float]) -> Function:
    """Make a function of the difference to the value before and of the seconds since."""

    def steps(series: Series) -> Points:
        times = sorted(series.points)
        return {
            time: function(series.points[time] - series.points[before], time - before)
            for before, time in pairwise(times)
        }

    def over(_scope: Scope, arguments: Sequence[Value]) -> Value:
        (value,) = _exactly(1, arguments)
        return _map(value, steps)

    return over


def _of_time(function: Callable[[datetime], float]) -> Function:
    def over(scope: Scope, arguments: Sequence[Value]) -> Value:
        (value,) = _exactly(1, arguments)
        return _map(value, lambda _: {time: function(datetime.fromtimestamp(time, UTC)) for time in scope.grid()})

    return over


def _fill(scope: Scope, arguments: Sequence[Value]) -> Value:
    value, filler = _exactly(2, arguments)

    def filled(series: Series) -> Points:
        if filler == "LINEAR":
            return _interpolated(series, scope.grid())
        points: Points = {}
        last: float | None = None
        for time in scope.grid():
            last = series.points.get(time, last if filler == "REPEAT" else _filler(filler, time))
            if last is not None:
                points[time] = last
        return points

    return _map(value, filled)


def _filler(filler: Value, time: int) -> float | None:
    if isinstance(filler, Series):
        return filler.points.get(time)
    if isinstance(filler, float):
        return filler
    message = f"FILL takes a number, a time series, REPEAT or LINEAR, not {filler!r}"
    raise ExpressionError(message)


def _interpolated(series: Series, grid: range) -> Points:
    known = sorted(series.points)
    points = dict(series.points)
    for before, after in pairwise(known):
        slope = (series.points[after] - series.points[before]) / (after - before)
        points |= {time: series.points[before] + slope * (time - before) for time in grid if before < time < after}
    return dict(sorted(points.items()))


def _if(scope: Scope, arguments: Sequence[Value]) -> Value:
    if not 2 <= len(arguments) <= 3:  # noqa: PLR2004 - with or without an else
        message = "IF takes a condition, a value, and at most one other value"
        raise ExpressionError(message)
    condition, then = arguments[:2]
    otherwise = arguments[2] if len(arguments) > 2 else None  # noqa: PLR2004
    if isinstance(condition, float):
        chosen = then if condition else otherwise
        return Series({}, scope.period) if chosen is None else chosen
    (tested,) = as_list(condition)
    points: Points = {}
    for time in sorted(tested.points):
        # A true condition takes a missing data point as 0; a false one drops it.
        value = _point(then, time, 0.0) if tested.points[time] else _point(otherwise, time, None)
        if value is not None:
            points[time] = value
    return tested.with_points(points)


def _point(value: Value | None, time: int, missing: float | None) -> float | None:
    if value is None or isinstance(value, float):
        return value
    (series,) = as_list(value)
    return series.points.get(time, missing)


def _metrics(scope: Scope, arguments: Sequence[Value]) -> Value:
    part = arguments[0] if arguments else ""
    return [series for series in scope.metrics if str(part) in series.query_id]


def _search(scope: Scope, arguments: Sequence[Value]) -> Value:
    text, statistic, *rest = arguments
    period = int(rest[0]) if rest and isinstance(rest[0], float) else scope.period
    if scope.search is None or not isinstance(text, str) or not isinstance(statistic, str):
        message = "SEARCH takes a text, a statistic and a period, and not in an alarm"
        raise ExpressionError(message)
    return scope.search(text, statistic, period)


def _sort(_scope: Scope, arguments: Sequence[Value]) -> Value:
    value, by, order, *limit = arguments[:_MAX_ARGUMENTS]
    if by not in _AGGREGATES or order not in ("ASC", "DESC"):
        message = "SORT takes series, one of AVG, MIN, MAX, SUM, and ASC or DESC"
        raise ExpressionError(message)
    function = _AGGREGATES[str(by)]
    ranked = sorted(as_list(value), key=lambda series: function(series.values()), reverse=order == "DESC")
    return ranked[: int(limit[0])] if limit and isinstance(limit[0], float) else ranked


def _slice(_scope: Scope, arguments: Sequence[Value]) -> Value:
    value, *bounds = arguments
    first, *last = (int(bound) for bound in bounds if isinstance(bound, float))
    return as_list(value)[first : last[0] if last else None]


def _running_sum(_scope: Scope, arguments: Sequence[Value]) -> Value:
    (value,) = _exactly(1, arguments)

    def summed(series: Series) -> Points:
        total, points = 0.0, {}
        for time in sorted(series.points):
            total += series.points[time]
            points[time] = total
        return points

    return _map(value, summed)


def _time_series(scope: Scope, arguments: Sequence[Value]) -> Value:
    (value,) = _exactly(1, arguments)
    if not isinstance(value, float):
        message = "TIME_SERIES takes a number"
        raise ExpressionError(message)
    return Series(dict.fromkeys(scope.grid(), value), scope.period)


def _one_of(place: int) -> Function:
    def pick(scope: Scope, arguments: Sequence[Value]) -> Value:
        (value,) = _exactly(1, arguments)
        several = as_list(value)
        return several[place] if several else Series({}, scope.period)

    return pick


def _map(value: Value, function: Callable[[Series], Points]) -> Value:
    if isinstance(value, Series):
        return value.with_points(function(value))
    return [series.with_points(function(series)) for series in as_list(value)]


def _exactly(number: int, arguments: Sequence[Value]) -> Sequence[Value]:
    if len(arguments) != number:
        message = f"A function was given {len(arguments)} arguments and takes {number}"
        raise ExpressionError(message)
    return arguments


FUNCTIONS: Final[dict[str, Function]] = {
    **{name: _aggregate(name) for name in _AGGREGATES},
    "ABS": _each_point(abs),
    "CEIL": _each_point(lambda value: float(math.ceil(value))),
    "FLOOR": _each_point(lambda value: float(math.floor(value))),
    "LOG": _each_point(lambda value: math.log(value) if value > 0 else 0.0),
    "LOG10": _each_point(lambda value: math.log10(value) if value > 0 else 0.0),
    "RATE": _each_step(lambda change, seconds: change / seconds),
    "DIFF": _each_step(lambda change, _seconds: change),
    "DIFF_TIME": _each_step(lambda _change, seconds: float(seconds)),
    "RUNNING_SUM": _running_sum,
    "FILL": _fill,
    "IF": _if,
    "METRICS": _metrics,
    "METRIC_COUNT": lambda _scope, arguments: float(len(as_list(arguments[0]))),
    "SEARCH": _search,
    "SORT": _sort,
    "SLICE": _slice,
    "FIRST": _one_of(0),
    "LAST": _one_of(-1),
    "REMOVE_EMPTY": lambda _scope, arguments: [series for series in as_list(arguments[0]) if series.points],
    "PERIOD": lambda _scope, arguments: float(as_list(arguments[0])[0].period),
    "TIME_SERIES": _time_series,
    "EPOCH": _of_time(lambda moment: moment.timestamp()),
    "MINUTE": _of_time(lambda moment: float(moment.minute)),
    "HOUR": _of_time(lambda moment: float(moment.hour)),
    "DAY": _of_time(lambda moment: float(moment.isoweekday())),
    "DATE": _of_time(lambda moment: float(moment.day)),
    "MONTH": _of_time(lambda moment: float(moment.month)),
    "YEAR": _of_time(lambda moment: float(moment.year)),
}
