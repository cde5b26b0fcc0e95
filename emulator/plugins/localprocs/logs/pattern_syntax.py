"""What expressions on JSON and on words have in common: comparisons, joined by ``&&``, ``||`` and parentheses."""

import re
from collections.abc import Callable, Sequence
from typing import Any

type Test = Callable[[Any], bool]
"""Whether a value of an event is as wanted."""


class InvalidPattern(Exception):
    """A filter pattern that makes no sense; the text says why."""


def comparison(operator: str, wanted: str, *, is_quoted: bool) -> Test:
    """Return the test of a value against what stands behind an operator.

    A number compares as one; in a text ``*`` stands for anything; ``%…%`` is a regular expression.

    Raises:
        InvalidPattern: the two do not go together.
    """
    if not is_quoted and (number := _number(wanted)) is not None:
        return _of_number(operator, number)
    if operator not in ("=", "!="):
        raise InvalidPattern(f"Invalid filter pattern: {operator} needs a number, not {wanted!r}")
    if len(wanted) > 1 and not is_quoted and wanted[0] == wanted[-1] == "%":
        expression = _expression(wanted[1:-1])
    else:
        expression = re.compile(rf"\A{'.*'.join(re.escape(part) for part in wanted.split('*'))}\Z", re.DOTALL)

    def matches(value: Any) -> bool:
        return bool(expression.search(_text(value)))

    return matches if operator == "=" else lambda value: not matches(value)


def _of_number(operator: str, wanted: float) -> Test:
    compare: dict[str, Callable[[float], bool]] = {
        "=": lambda value: value == wanted,
        "!=": lambda value: value != wanted,
        "<": lambda value: value < wanted,
        "<=": lambda value: value <= wanted,
        ">": lambda value: value > wanted,
        ">=": lambda value: value >= wanted,
    }
    holds = compare[operator]

    def matches(value: Any) -> bool:
        number = None if isinstance(value, bool) else _number(str(value))
        return operator == "!=" if number is None else holds(number)

    return matches


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidPattern(f"Invalid regex in filter pattern: {error}") from None


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text) else None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """Begin at the first."""
        self._tokens = tokens
        self._next = 0

    def peek(self) -> str:
        """Return the next token, or nothing at the end."""
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def take(self, *allowed: str) -> str:
        """Return the next token and go on.

        Raises:
            InvalidPattern: it is none of those allowed, or there is none.
        """
        token = self.peek()
        if not token or (allowed and token not in allowed):
            where = f"at {token!r}" if token else "at its end"
            expected = f", where {' or '.join(allowed)} was expected" if allowed else ""
            raise InvalidPattern(f"Invalid filter pattern {where}{expected}")
        self._next += 1
        return token

    def joined[Condition](
        self, one: Callable[[], Condition], join: Callable[[str, list[Condition]], Condition]
    ) -> Condition:
        """Read conditions joined by ``||``, of which each is some joined by ``&&``, with parentheses."""

        def several(operator: str, part: Callable[[], Condition]) -> Condition:
            parts = [part()]
            while self.peek() == operator:
                self.take()
                parts.append(part())
            return parts[0] if len(parts) == 1 else join(operator, parts)

        def atom() -> Condition:
            if self.peek() != "(":
                return one()
            self.take("(")
            inner = any_of()
            self.take(")")
            return inner

        def any_of() -> Condition:
            return several("||", lambda: several("&&", atom))

        return any_of()
