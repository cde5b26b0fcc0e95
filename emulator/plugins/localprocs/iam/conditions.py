"""The conditions of a policy statement, against the keys of a request."""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fnmatch import translate
from functools import cache
from typing import Any

type Context = Mapping[str, Sequence[str]]
"""Keys of a request in lower case, with their values; an absent key is not in it."""


class UnknownOperator(Exception):
    """A condition operator that is not known here: the statement must not be taken for one that allows."""


def hold(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether every condition of a statement holds.

    Raises:
        UnknownOperator: it cannot be told.
    """
    return all(
        _holds(operator, key.lower(), _listed(expected), context)
        for operator, keys in conditions.items()
        for key, expected in keys.items()
    )


def like(pattern: str, value: str) -> bool:
    """Match with ``*`` and ``?`` as IAM does, which knows no other wildcard."""
    return bool(_compiled(pattern).match(value))


def fill(text: str, context: Context) -> str | None:
    """Put the request's values into policy variables (``${aws:username}``); None where one is absent."""
    absent = False

    def value(found: re.Match[str]) -> str:
        nonlocal absent
        name = found[1]
        if name in ("*", "?", "$"):
            return name
        values = context.get(name.split(",")[0].strip().lower())
        absent = absent or not values
        return values[0] if values else ""

    filled = re.sub(r"\$\{([^}]+)\}", value, text)
    return None if absent else filled


def _holds(operator: str, key: str, expected: list[str], context: Context) -> bool:
    quantifier, _, operator = operator.rpartition(":")
    if operator == "Null":
        return (key not in context) == (expected[0].lower() == "true")
    if operator.endswith("IfExists"):
        operator = operator.removesuffix("IfExists")
        if key not in context:
            return True
    if operator not in _OPERATORS:
        raise UnknownOperator(operator)
    compare, negated = _OPERATORS[operator]
    wanted = [filled for each in expected if (filled := fill(each, context)) is not None]

    def matches(value: str) -> bool:
        return any(compare(each, value) for each in wanted) != negated

    values = context.get(key, ())
    match quantifier:
        case "ForAllValues":
            return all(matches(value) for value in values)
        case "ForAnyValue":
            return any(matches(value) for value in values)
        case "":
            return all(matches(value) for value in values) if values else negated
    raise UnknownOperator(quantifier)


def _listed(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.replace("[", "[[]")))


def _in_network(network: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()


type Compare = Callable[[str, str], bool]


def _operators() -> dict[str, tuple[Compare, bool]]:
    """Return operator name to (comparison of expected and actual, whether the name negates it)."""

    def same(expected: str, value: str) -> bool:
        return expected == value

    def same_letters(expected: str, value: str) -> bool:
        return expected.lower() == value.lower()

    table: dict[str, tuple[Compare, bool]] = {
        "StringEquals": (same, False),
        "StringNotEquals": (same, True),
        "StringEqualsIgnoreCase": (same_letters, False),
        "StringNotEqualsIgnoreCase": (same_letters, True),
        "StringLike": (like, False),
        "StringNotLike": (like, True),
        "ArnEquals": (like, False),
        "ArnNotEquals": (like, True),
        "ArnLike": (like, False),
        "ArnNotLike": (like, True),
        "Bool": (same_letters, False),
        "IpAddress": (_in_network, False),
        "NotIpAddress": (_in_network, True),
    }
    for kind, number in (("Numeric", float), ("Date", _moment)):
        table |= {
            f"{kind}Equals": (lambda e, v, n=number: n(v) == n(e), False),
            f"{kind}NotEquals": (lambda e, v, n=number: n(v) == n(e), True),
            f"{kind}LessThan": (lambda e, v, n=number: n(v) < n(e), False),
            f"{kind}LessThanEquals": (lambda e, v, n=number: n(v) <= n(e), False),
            f"{kind}GreaterThan": (lambda e, v, n=number: n(v) > n(e), False),
            f"{kind}GreaterThanEquals": (lambda e, v, n=number: n(v) >= n(e), False),
        }
    return table


_OPERATORS = _operators()
