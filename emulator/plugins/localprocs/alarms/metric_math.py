"""Metric math: what an expression makes of series.

Values are numbers, series, or lists of series. The rules for data points that are missing are those of the CloudWatch
User Guide, "Using metric math": operators take them as 0, a division by 0 drops the data point.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from localprocs.alarms.expressions import (
    Call,
    ExpressionError,
    Listing,
    Negation,
    Node,
    Number,
    Operation,
    Reference,
    Text,
)
from localprocs.alarms.metrics import Points


@dataclass(frozen=True, slots=True)
class Series:
    """Values by the start of their period."""

    points: Points
    period: int = 60
    label: str = ""
    query_id: str = ""

    def with_points(self, points: Points) -> "Series":
        """Return the same with other values."""
        return replace(self, points=points)

    def values(self) -> list[float]:
        """Return the values in order of time."""
        return [self.points[time] for time in sorted(self.points)]


type Value = float | Series | list[Series] | str
"""A text stands only where a function takes one."""

type Function = Callable[["Scope", Sequence[Value]], Value]


@dataclass(frozen=True)
class Scope:
    """What an expression can see."""

    start: int
    end: int
    period: int
    metrics: Sequence[Series] = ()
    """The series of the request's metrics, in order, as METRICS() sees them."""
    lookup: Callable[[str], Value] | None = None
    """Gives another query's value by its Id; raises KeyError where there is none."""
    search: Callable[[str, str, int], list[Series]] | None = None
    """Finds series by a SEARCH text, statistic and period."""
    functions: dict[str, Function] = field(default_factory=dict)

    def grid(self) -> range:
        """Return the begin of each period."""
        return range(self.start, self.end, self.period)


def _divide(left: float, right: float) -> float | None:
    return left / right if right else None


def _power(left: float, right: float) -> float | None:
    try:
        result = left**right
    except (OverflowError, ZeroDivisionError):
        return None
    return result if isinstance(result, float) else None


OPERATORS: Final[dict[str, Callable[[float, float], float | None]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}


def compute(node: Node, scope: Scope) -> Value:  # noqa: PLR0911 - one a kind of node
    """Compute the expression. Raises ExpressionError."""
    match node:
        case Number(value):
            return value
        case Text(value):
            return value
        case Listing(items):
            return [series for item in items for series in as_list(compute(item, scope))]
        case Negation(operand):
            return _operate("*", compute(operand, scope), -1.0)
        case Operation(sign, left, right):
            return _operate(sign, compute(left, scope), compute(right, scope))
        case Call(name, arguments):
            if name not in scope.functions:
                message = f"Unsupported function {name}"
                raise ExpressionError(message)
            return scope.functions[name](scope, [_argument(item, scope) for item in arguments])
        case Reference(name):
            try:
                return scope.lookup(name) if scope.lookup else _unknown(name)
            except KeyError:
                return _unknown(name)


def as_list(value: Value) -> list[Series]:
    """Return the one series, or the several."""
    if isinstance(value, Series):
        return [value]
    if isinstance(value, list):
        return value
    message = f"A time series is needed where {value!r} stands"
    raise ExpressionError(message)


def _argument(node: Node, scope: Scope) -> Value:
    """Compute an argument; a name in capital letters is a keyword (REPEAT, AVG, DESC)."""
    if isinstance(node, Reference) and node.name.isupper():
        return node.name
    return compute(node, scope)


def _unknown(name: str) -> Value:
    message = f"Unknown Id {name!r}"
    raise ExpressionError(message)


def _operate(sign: str, left: Value, right: Value) -> Value:
    if isinstance(left, list) or isinstance(right, list):
        return _each(sign, left, right)
    function = OPERATORS[sign]
    if isinstance(left, Series):
        times = left.points.keys() | right.points.keys() if isinstance(right, Series) else left.points.keys()
        pairs = ((time, function(left.points.get(time, 0.0), _at(right, time))) for time in sorted(times))
        return left.with_points({time: value for time, value in pairs if value is not None})
    if isinstance(right, Series):
        pairs = ((time, function(_at(left, time), value)) for time, value in sorted(right.points.items()))
        return right.with_points({time: value for time, value in pairs if value is not None})
    if isinstance(left, str) or isinstance(right, str):
        message = f"A text cannot stand beside {sign}"
        raise ExpressionError(message)
    result = function(left, right)
    if result is None:
        message = "Division by zero"
        raise ExpressionError(message)
    return result


def _each(sign: str, left: Value, right: Value) -> Value:
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            message = f"Two lists of different length cannot stand beside {sign}"
            raise ExpressionError(message)
        return [series for pair in zip(left, right, strict=True) for series in as_list(_operate(sign, *pair))]
    if isinstance(left, list):
        return [series for each in left for series in as_list(_operate(sign, each, right))]
    return [
        replace(found, label=each.label, query_id=each.query_id)
        for each in as_list(right)
        for found in as_list(_operate(sign, left, each))
    ]


def _at(value: Value, time: int) -> float:
    if isinstance(value, Series):
        return value.points.get(time, 0.0)
    if isinstance(value, float):
        return value
    message = f"A number or a time series is needed where {value!r} stands"
    raise ExpressionError(message)
