"""What ``stats`` counts."""

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from localprocs.logs.insights.errors import MalformedQuery
from localprocs.logs.insights.expressions import Expression, aggregatable
from localprocs.logs.insights.reader import Reader
from localprocs.logs.insights.values import Row, number, order, text

type Aggregate = Callable[[Sequence[Row]], Any]
"""Computes one value of many rows."""

type OfNumbers = Callable[[list[float]], float | None]


def percentile(values: list[float], percent: float) -> float | None:
    """Return the value below which so many per cent lie: the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)] if ordered else None


def _stddev(values: list[float]) -> float | None:
    return statistics.pstdev(values) if values else None


_OF_NUMBERS: dict[str, OfNumbers] = {
    "sum": lambda values: math.fsum(values) if values else None,
    "avg": lambda values: math.fsum(values) / len(values) if values else None,
    "stddev": _stddev,
}


def aggregate(name: str, reader: Reader) -> Aggregate:
    """Read an aggregation's arguments, after its bracket.

    Raises:
        MalformedQuery: there is no such aggregation.
    """
    if name == "count":
        return _count(reader)
    value = aggregatable(reader)
    if name in ("pct", "percentile"):
        reader.expect(",")
        percent = number(aggregatable(reader)({}))
        if percent is None or not 0 <= percent <= 100:  # noqa: PLR2004 - per cent
            raise MalformedQuery("pct needs a number from 0 to 100")
        reader.expect(")")
        return lambda rows: percentile(_numbers(value, rows), percent)
    reader.expect(")")
    if name in _OF_NUMBERS:
        compute = _OF_NUMBERS[name]
        return lambda rows: compute(_numbers(value, rows))
    return _of_values(name, value)


def _count(reader: Reader) -> Aggregate:
    if reader.skip("*"):
        reader.expect(")")
        return lambda rows: float(len(rows))
    if reader.skip(")"):
        return lambda rows: float(len(rows))
    counted = aggregatable(reader)
    reader.expect(")")
    return lambda rows: float(sum(counted(row) is not None for row in rows))


def _of_values(name: str, value: Expression) -> Aggregate:
    def present(rows: Sequence[Row]) -> list[Any]:
        return [found for row in rows if (found := value(row)) is not None]

    def by_time(pick: Callable[..., Row]) -> Aggregate:
        def one(rows: Sequence[Row]) -> Any:
            having = [row for row in rows if value(row) is not None]
            return value(pick(having, key=lambda row: row.get("@timestamp", 0))) if having else None

        return one

    known: dict[str, Aggregate] = {
        "count_distinct": lambda rows: float(len({text(each) for each in present(rows)})),
        "min": lambda rows: min(present(rows), key=order, default=None),
        "max": lambda rows: max(present(rows), key=order, default=None),
        "sortsfirst": lambda rows: min(present(rows), key=order, default=None),
        "sortslast": lambda rows: max(present(rows), key=order, default=None),
        "earliest": by_time(min),
        "latest": by_time(max),
    }
    if name not in known:
        raise MalformedQuery(f"unknown aggregation {name}")
    return known[name]


def _numbers(value: Expression, rows: Sequence[Row]) -> list[float]:
    return [found for row in rows if (found := number(value(row))) is not None]
