"""Values of a query: how they compare, sort and are told."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

type Row = dict[str, Any]
"""An event's fields by name, or what ``stats`` made of many."""

TIMES = ("@timestamp", "@ingestionTime")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


class Moment(float):
    """Milliseconds since the epoch, told as a date."""


def number(value: Any) -> float | None:
    """Return a value as a number, if it is one or is written as one."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) else None


def text(value: Any) -> str:
    """Tell a value as Insights does."""
    if isinstance(value, Moment):
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M:%S}.{int(value) % 1000:03d}"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        if math.isfinite(value) and value == int(value):
            return str(int(value))
        return f"{value:.4f}".rstrip("0").rstrip(".") if math.isfinite(value) else ""
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same: as numbers where both are, else as texts."""
    first, second = number(one), number(other)
    return first == second if first is not None and second is not None else text(one) == text(other)


def less(one: Any, other: Any) -> bool:
    """Whether one value comes before another: as numbers where both are, else as texts."""
    first, second = number(one), number(other)
    return first < second if first is not None and second is not None else text(one) < text(other)


def order(value: Any) -> tuple[Any, ...]:
    """Return what to sort by: what is absent, then texts, whose digits count as numbers, then numbers."""
    if value is None:
        return (0,)
    if (found := number(value)) is not None:
        return (2, found)
    parts = re.findall(r"\d+|[A-Za-z]+|[^\dA-Za-z]+", text(value))
    return (1, *(("0", len(part), part) if part.isdigit() else (part[0], 0, part) for part in parts))
