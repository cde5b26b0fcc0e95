"""Functions of a query; one that is asked about nothing answers nothing."""

import ipaddress
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from localprocs.logs.insights.errors import MalformedQuery
from localprocs.logs.insights.values import Moment, equal, number, text

PERIODS = {
    "ms": 1,
    "s": 1000,
    "sec": 1000,
    "m": 60_000,
    "min": 60_000,
    "h": 3_600_000,
    "hr": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
MONTHS = {"mo": 1, "mon": 1, "q": 3, "y": 12}


def period(written: str) -> tuple[int, int]:
    """Return a period's milliseconds and months (``5m`` is 300,000 and 0; ``1q`` is 0 and 3).

    Raises:
        MalformedQuery: it is none.
    """
    found = re.fullmatch(r"(\d+)([a-z]+)", written)
    if not found or found[2] not in PERIODS | MONTHS or not int(found[1]):
        raise MalformedQuery(f"{written!r} is no period")
    count = int(found[1])
    return count * PERIODS.get(found[2], 0), count * MONTHS.get(found[2], 0)


def floor(moment: float, written: str) -> Moment:
    """Return the begin of the period that a moment lies in."""
    millis, months = period(written)
    if millis:
        return Moment(moment // millis * millis)
    at = datetime.fromtimestamp(moment / 1000, UTC)
    whole = ((at.year - 1970) * 12 + at.month - 1) // months * months
    begin = datetime(1970 + whole // 12, whole % 12 + 1, 1, tzinfo=UTC)
    return Moment(begin.timestamp() * 1000)


def _ceil(moment: float, written: str) -> Moment:
    begin = floor(moment, written)
    if begin == moment:
        return begin
    millis, months = period(written)
    return floor(begin + (millis or months * 32 * PERIODS["d"]), written)


def _numeric(function: Callable[..., float]) -> Callable[..., Any]:
    def apply(*values: Any) -> Any:
        numbers = [number(value) for value in values]
        if None in numbers:
            return None
        try:
            return float(function(*numbers))
        except (ValueError, ZeroDivisionError, OverflowError):
            return None

    return apply


def _textual(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: None if None in values else function(*map(text, values))


def _substr(whole: str, begin: str, length: str = "") -> str:
    first = int(number(begin) or 0)
    return whole[first : first + int(number(length) or 0)] if length else whole[first:]


def _address(kind: type[Any] | None, network: Callable[..., Any] | None = None) -> Callable[..., Any]:
    def is_valid(address: str, within: str = "") -> bool:
        try:
            found = ipaddress.ip_address(address)
            return (kind is None or isinstance(found, kind)) and (not network or found in network(within, strict=False))
        except (ValueError, TypeError):
            return False

    return _textual(is_valid)


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": _numeric(abs),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "greatest": _numeric(max),
    "least": _numeric(min),
    "log": _numeric(math.log),
    "sqrt": _numeric(math.sqrt),
    "ispresent": lambda value: value is not None,
    "isempty": lambda value: value is None or text(value) == "",
    "isblank": lambda value: value is None or not text(value).strip(),
    "coalesce": _coalesce,
    "concat": _textual(lambda *parts: "".join(parts)),
    "ltrim": _textual(lambda value, what=None: value.lstrip(what)),
    "rtrim": _textual(lambda value, what=None: value.rstrip(what)),
    "trim": _textual(lambda value, what=None: value.strip(what)),
    "strlen": _textual(len),
    "toupper": _textual(str.upper),
    "tolower": _textual(str.lower),
    "substr": _textual(_substr),
    "replace": _textual(lambda value, old, new: value.replace(old, new)),
    "strcontains": _textual(lambda value, part: part in value),
    "frommillis": lambda value: None if number(value) is None else Moment(number(value) or 0),
    "tomillis": _numeric(lambda value: value),
    "datefloor": lambda value, written: None if number(value) is None else floor(number(value) or 0, written),
    "dateceil": lambda value, written: None if number(value) is None else _ceil(number(value) or 0, written),
    "isvalidip": _address(None),
    "isvalidipv4": _address(ipaddress.IPv4Address),
    "isvalidipv6": _address(ipaddress.IPv6Address),
    "isipinsubnet": _address(None, ipaddress.ip_network),
    "isipv4insubnet": _address(ipaddress.IPv4Address, ipaddress.ip_network),
    "isipv6insubnet": _address(ipaddress.IPv6Address, ipaddress.ip_network),
}


def contained(value: Any, several: list[Any]) -> bool:
    """Whether a value is one of several."""
    return any(equal(value, each) for each in several)
