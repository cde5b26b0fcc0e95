"""Expressions of a query: from words to what computes a value of a row."""

import math
import operator
import re
from collections.abc import Callable
from typing import Any

from localprocs.logs.insights.errors import MalformedQuery
from localprocs.logs.insights.functions import FUNCTIONS, contained, floor, period
from localprocs.logs.insights.reader import Reader
from localprocs.logs.insights.values import Row, equal, less, number, text

type Expression = Callable[[Row], Any]
"""Computes a value of a row; None where there is none."""

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": equal,
    "!=": lambda one, other: not equal(one, other),
    "<": less,
    ">": lambda one, other: less(other, one),
    "<=": lambda one, other: not less(other, one),
    ">=": lambda one, other: not less(one, other),
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,
    "^": operator.pow,
}
_LEVELS = (("+", "-"), ("*", "/", "%"), ("^",))


def expression(reader: Reader) -> Expression:
    """Read an expression.

    Raises:
        MalformedQuery: there is none.
    """
    return _joined(reader, "or", lambda: _joined(reader, "and", lambda: _negated(reader)))


def aggregatable(reader: Reader) -> Expression:
    """Read what has no comparison: what is computed of one field or several."""
    return _arithmetic(reader, 0)


def _joined(reader: Reader, word: str, part: Callable[[], Expression]) -> Expression:
    parts = [part()]
    while reader.skip(word):
        parts.append(part())
    if len(parts) == 1:
        return parts[0]
    combine = any if word == "or" else all
    return lambda row: combine(bool(each(row)) for each in parts)


def _negated(reader: Reader) -> Expression:
    if reader.skip("not"):
        inner = _negated(reader)
        return lambda row: not inner(row)
    return _comparison(reader)


def _comparison(reader: Reader) -> Expression:
    left = _arithmetic(reader, 0)
    if sign := reader.skip(*_COMPARISONS):
        right, compare = _arithmetic(reader, 0), _COMPARISONS[sign]

        def compared(row: Row) -> bool:
            one, other = left(row), right(row)
            return one is not None and other is not None and compare(one, other)

        return compared
    is_negated = bool(reader.skip("not"))
    if word := reader.skip("like", "=~", "in"):
        test = _in(reader, left) if word == "in" else _like(reader, left)
        return (lambda row: not test(row)) if is_negated else test
    if is_negated:
        raise MalformedQuery("unexpected symbol found after not, where like or in was expected")
    return left


def _like(reader: Reader, left: Expression) -> Expression:
    token = reader.take()
    if token.kind == "regex":
        pattern = compiled(token.text)
    elif token.kind == "quoted":
        pattern = re.compile(re.escape(unquoted(token.text)))
    else:
        raise MalformedQuery(f"unexpected symbol found {token.text}, where a text or /regex/ was expected")

    def test(row: Row) -> bool:
        value = left(row)
        return value is not None and bool(pattern.search(text(value)))

    return test


def _in(reader: Reader, left: Expression) -> Expression:
    reader.expect("[")
    several = [_arithmetic(reader, 0)]
    while reader.skip(","):
        several.append(_arithmetic(reader, 0))
    reader.expect("]")

    def test(row: Row) -> bool:
        value = left(row)
        return value is not None and contained(value, [each(row) for each in several])

    return test


def _arithmetic(reader: Reader, level: int) -> Expression:
    if level == len(_LEVELS):
        return _atom(reader)
    left = _arithmetic(reader, level + 1)
    while sign := reader.skip(*_LEVELS[level]):
        left = _computed(_ARITHMETIC[sign], left, _arithmetic(reader, level + 1))
    return left


def _computed(compute: Callable[[float, float], float], left: Expression, right: Expression) -> Expression:
    def value(row: Row) -> float | None:
        one, other = number(left(row)), number(right(row))
        if one is None or other is None:
            return None
        try:
            return float(compute(one, other))
        except (ArithmeticError, ValueError, TypeError):
            return None

    return value


def _atom(reader: Reader) -> Expression:
    if reader.skip("("):
        inner = expression(reader)
        reader.expect(")")
        return inner
    if reader.skip("-"):
        return _computed(operator.mul, lambda _: -1, _atom(reader))
    token = reader.peek()
    if token.kind == "ticked" or (token.kind == "word" and not token.is_word("true", "false")):
        name = reader.name()
        return _call(name, reader) if token.kind == "word" and reader.skip("(") else lambda row: row.get(name)
    value = _constant(reader)
    return lambda _: value


def _constant(reader: Reader) -> Any:
    token = reader.take()
    match token.kind:
        case "number":
            return float(token.text)
        case "quoted":
            return unquoted(token.text)
        case "period":
            return token.text
        case "word":
            return token.text.lower() == "true"
    raise MalformedQuery(f"unexpected symbol found {token.text}")


def _call(name: str, reader: Reader) -> Expression:
    arguments: list[Expression] = []
    while not reader.skip(")"):
        arguments.append(expression(reader))
        if not reader.peek().is_mark(")"):
            reader.expect(",")
    if name.lower() == "bin":
        return _bin(arguments)
    function = FUNCTIONS.get(name.lower())
    if function is None:
        raise MalformedQuery(f"unknown function {name}")

    def value(row: Row) -> Any:
        try:
            return function(*(each(row) for each in arguments))
        except TypeError:
            raise MalformedQuery(f"wrong number of arguments for {name}") from None

    return value


def _bin(arguments: list[Expression]) -> Expression:
    if len(arguments) != 1:
        raise MalformedQuery("bin needs a period")
    written = text(arguments[0]({}))
    period(written)
    return lambda row: floor(row["@timestamp"], written) if "@timestamp" in row else None


def compiled(pattern: str) -> re.Pattern[str]:
    """Make a regular expression of one as Java has it.

    Raises:
        MalformedQuery: it is none.
    """
    try:
        return re.compile(re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", pattern))
    except re.error as error:
        raise MalformedQuery(f"invalid regular expression: {error}") from None


def unquoted(written: str) -> str:
    """Return what stands between quotation marks."""
    return re.sub(r"\\(.)", r"\1", written[1:-1])
