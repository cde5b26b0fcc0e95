"""DynamoDB's expressions, as far as ``src`` uses them; anything else is refused. Values are in the low-level form."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tests.simulation.aws.refusal import Refusal

type Item = dict[str, Any]
type Given = Mapping[str, Any]
"""What the request says that placeholders stand for: names (``#x``) and values (``:x``)."""

_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|[#:][A-Za-z0-9_]+|<>|<=|>=|[=<>(),+-])")
RESERVED = frozenset(
    [
        "ABSOLUTE",
        "ACTION",
        "ADD",
        "ALL",
        "AND",
        "ANY",
        "AS",
        "ATTRIBUTE",
        "BEGIN",
        "BETWEEN",
        "BY",
        "COUNT",
        "DATE",
        "DELETE",
        "END",
        "EXISTS",
        "FROM",
        "HOUR",
        "IN",
        "INDEX",
        "ITEM",
        "KEY",
        "LAST",
        "LIMIT",
        "LOCAL",
        "NAME",
        "NOT",
        "NULL",
        "NUMBER",
        "OR",
        "ORDER",
        "OWNER",
        "PATH",
        "REASON_",
        "SET",
        "SIZE",
        "STATE",
        "STATUS",
        "SOURCE",
        "TABLE",
        "TIME",
        "TIMESTAMP",
        "TTL",
        "TYPE",
        "UNTIL",
        "UPDATE",
        "USER",
        "VALUE",
        "VALUES",
        "WHERE",
        "YEAR",
    ]
)
"""Of DynamoDB's reserved words, those that an attribute of ours could be named."""


def invalid(why: str) -> Refusal:
    return Refusal("ValidationException", message=why)


class Parser:
    """Reads one expression; what it returns is a function of the item and of what the request gives."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        place = 0
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if not found:
                raise invalid(f"no expression: {text[place:]}")
            self.tokens.append(found[1])
            place = found.end()
        self.used: set[str] = set()

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self, wanted: str = "") -> str:
        if not self.tokens or (wanted and self.tokens[0].upper() != wanted):
            raise invalid(f"wanted {wanted or 'more'} before {self.tokens[:3]}")
        return self.tokens.pop(0)

    def name(self) -> Callable[[Given], str]:
        token = self.take()
        if token.startswith("#"):
            self.used.add(token)
            return lambda given: str(given[token])
        if token.upper() in RESERVED:
            raise invalid(f"{token} is a reserved word")
        return lambda _: token

    def operand(self) -> Callable[[Item, Given], Any]:
        if self.peek().startswith(":"):
            token = self.take()
            self.used.add(token)
            return lambda _, given: given[token]
        if self.peek() == "if_not_exists":
            self.take()
            self.take("(")
            name, _, other = self.name(), self.take(","), self.operand()
            self.take(")")
            return lambda item, given: item[name(given)] if name(given) in item else other(item, given)
        name = self.name()
        return lambda item, given: item.get(name(given))


def _number(value: Any) -> float:
    if value is None or "N" not in value:
        raise invalid("an operand is no number")
    text = value["N"]
    return float(text) if set(text) & set(".eE") else int(text)


def _comparable(value: Any) -> Any:
    if value is None:
        return None
    ((kind, held),) = value.items()
    return (kind, _number(value) if kind == "N" else held)


@cache
def condition(text: str) -> tuple[Callable[[Item, Given], bool], frozenset[str]]:
    """Read a condition; return it with the placeholders that it uses."""
    parser = Parser(text)
    found = _or(parser)
    if parser.tokens:
        raise invalid(f"too much: {parser.tokens}")
    return found, frozenset(parser.used)


def _or(parser: Parser) -> Callable[[Item, Given], bool]:
    parts = [_and(parser)]
    while parser.peek().upper() == "OR":
        parser.take()
        parts.append(_and(parser))
    return parts[0] if len(parts) == 1 else lambda item, given: any(part(item, given) for part in parts)


def _and(parser: Parser) -> Callable[[Item, Given], bool]:
    parts = [_term(parser)]
    while parser.peek().upper() == "AND":
        parser.take()
        parts.append(_term(parser))
    return parts[0] if len(parts) == 1 else lambda item, given: all(part(item, given) for part in parts)


def _term(parser: Parser) -> Callable[[Item, Given], bool]:
    if parser.peek() == "(":
        parser.take()
        inner = _or(parser)
        parser.take(")")
        return inner
    if parser.peek() in ("attribute_exists", "attribute_not_exists"):
        wanted = parser.take() == "attribute_exists"
        parser.take("(")
        name = parser.name()
        parser.take(")")
        return lambda item, given: (name(given) in item) is wanted
    if parser.peek() == "begins_with":
        parser.take()
        parser.take("(")
        whole, _, beginning = parser.operand(), parser.take(","), parser.operand()
        parser.take(")")
        return lambda item, given: (whole(item, given) or {}).get("S", "\0").startswith(beginning(item, given)["S"])
    left, sign, right = parser.operand(), parser.take(), parser.operand()

    def compare(item: Item, given: Given) -> bool:
        one, other = _comparable(left(item, given)), _comparable(right(item, given))
        if one is None or other is None:
            return sign == "<>"
        if sign == "=":
            return bool(one == other)
        if sign == "<>":
            return bool(one != other)
        if one[0] != other[0]:
            return False
        return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[sign]

    if sign not in ("=", "<>", "<", "<=", ">", ">="):
        raise invalid(f"no comparison: {sign}")
    return compare


type Change = Callable[[Item, Given], list[tuple[str, Any]]]


@cache
def update(text: str) -> tuple[Change, frozenset[str]]:
    """Read an update; return what gives its changes (None removes) from the item as it is."""
    parser = Parser(text)
    changes: list[Callable[[Item, Given], tuple[str, Any]]] = []
    seen: set[str] = set()
    while parser.tokens:
        clause = parser.take().upper()
        if clause not in ("SET", "ADD", "REMOVE") or clause in seen:
            raise invalid(f"no clause: {clause}")
        seen.add(clause)
        while True:
            changes.append({"SET": _set, "ADD": _add, "REMOVE": _remove}[clause](parser))
            if parser.peek() != ",":
                break
            parser.take()

    def change(item: Item, given: Given) -> list[tuple[str, Any]]:
        made = [each(item, given) for each in changes]
        if len({name for name, _ in made}) < len(made):
            raise invalid("two changes of one attribute")
        return made

    return change, frozenset(parser.used)


def _set(parser: Parser) -> Callable[[Item, Given], tuple[str, Any]]:
    name, _, value = parser.name(), parser.take("="), parser.operand()
    if parser.peek() not in ("+", "-"):

        def put(item: Item, given: Given) -> tuple[str, Any]:
            found = value(item, given)
            if found is None:
                raise invalid("the expression refers to an attribute that is not there")
            return name(given), found

        return put
    sign, other = parser.take(), parser.operand()

    def count(item: Item, given: Given) -> tuple[str, Any]:
        one, two = _number(value(item, given)), _number(other(item, given))
        return name(given), {"N": str(one + two if sign == "+" else one - two)}

    return count


def _add(parser: Parser) -> Callable[[Item, Given], tuple[str, Any]]:
    name, more = parser.name(), parser.operand()

    def add(item: Item, given: Given) -> tuple[str, Any]:
        was = item.get(name(given), {"N": "0"})
        return name(given), {"N": str(_number(was) + _number(more(item, given)))}

    return add


def _remove(parser: Parser) -> Callable[[Item, Given], tuple[str, Any]]:
    name = parser.name()
    return lambda _, given: (name(given), None)
