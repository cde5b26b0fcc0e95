"""The grammar of metric math: text in, a tree out."""

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<text>"[^"]*"|'(?:[^'])*')
    | (?P<mark>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]])
    )""",
    re.VERBOSE,
)
_LEVELS = (
    {"OR": "OR", "||": "OR"},
    {"AND": "AND", "&&": "AND"},
    {mark: mark for mark in ("==", "!=", "<=", ">=", "<", ">")},
    {mark: mark for mark in "+-"},
    {mark: mark for mark in "*/"},
)
"""The operators from the loosest to the closest binding; within one level they bind from the left."""


class ExpressionError(ValueError):
    """The expression cannot be read or computed."""


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted text, as SEARCH and METRICS take."""

    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The Id of another query, or a function's keyword (REPEAT, DESC)."""

    name: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Several series: [m1, m2]."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Negation:
    """-m1."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Operation:
    """Two operands."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    function: str
    arguments: "tuple[Node, ...]"


type Node = Number | Text | Reference | Listing | Negation | Operation | Call


@lru_cache(maxsize=1000)
def parse(text: str) -> Node:
    """Read an expression. Raises ExpressionError."""
    reader = _Reader(text)
    node = reader.expression()
    reader.require_end()
    return node


def references(node: Node) -> set[str]:
    """Name every Id that the expression may ask for (keywords included)."""
    match node:
        case Reference(name):
            return {name}
        case Listing(items) | Call(_, items):
            return set().union(*map(references, items))
        case Negation(operand):
            return references(operand)
        case Operation(_, left, right):
            return references(left) | references(right)
    return set()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if not found or not found.lastgroup:
                message = f"Error in expression {text!r}: unexpected {text[place:].strip()[:20]!r}"
                raise ExpressionError(message)
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        self._place = 0

    def expression(self, level: int = 0) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self.expression(level + 1)
        while operator := _LEVELS[level].get(self._peek()):
            self._place += 1
            left = Operation(operator, left, self.expression(level + 1))
        return left

    def require_end(self) -> None:
        if self._place != len(self._tokens):
            raise self._error()

    def _unary(self) -> Node:
        if self._takes("-"):
            return Negation(self._unary())
        base = self._term()
        return Operation("^", base, self._unary()) if self._takes("^") else base

    def _term(self) -> Node:
        if self._takes("("):
            inner = self.expression()
            self._require(")")
            return inner
        if self._takes("["):
            return Listing(self._arguments("]"))
        if self._place == len(self._tokens):
            raise self._error()
        kind, token = self._tokens[self._place]
        self._place += 1
        if kind == "number":
            return Number(float(token))
        if kind == "text":
            return Text(token[1:-1])
        if kind == "name" and token not in ("AND", "OR"):
            return Call(token, self._arguments(")")) if self._takes("(") else Reference(token)
        self._place -= 1
        raise self._error()

    def _arguments(self, end: str) -> tuple[Node, ...]:
        if self._takes(end):
            return ()
        items = [self.expression()]
        while self._takes(","):
            items.append(self.expression())
        self._require(end)
        return tuple(items)

    def _peek(self) -> str:
        return self._tokens[self._place][1] if self._place < len(self._tokens) else ""

    def _takes(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._place += 1
        return True

    def _require(self, token: str) -> None:
        if not self._takes(token):
            raise self._error()

    def _error(self) -> ExpressionError:
        return ExpressionError(f"Error in expression {self._text!r}: unexpected {self._peek() or 'end'!r}")
