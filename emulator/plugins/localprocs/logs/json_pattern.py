"""Filter patterns on JSON: ``{ $.status = 4* && ($.retries > 2 || $.error.code NOT EXISTS) }``."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localprocs.logs.pattern_syntax import InvalidPattern, Reader, comparison

_TOKEN = re.compile(
    r"""\s*(
    &&|\|\||[(){}]|!=|<=|>=|=|<|>
    |\$(?:\.[\w-]+|\.?\["[^"]*"\]|\.?\['[^']*'\]|\[\d+\]|\[\*\])+
    |"(?:[^"\\]|\\.)*"|%[^%]*%|[^\s(){}=<>!&|]+
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"""\.([\w-]+)|\.?\["([^"]*)"\]|\.?\['([^']*)'\]|\[(\d+|\*)\]""")


@dataclass(frozen=True)
class JsonCondition:
    """An expression that was understood."""

    holds: Callable[[Any], bool]
    """Whether a document is meant."""

    def values(self, document: Any) -> Mapping[str, Any]:
        """Return what selectors (``$.a.b``) find in the document."""
        return Selected(document)


class Selected(Mapping[str, Any]):
    """A document's values by selector."""

    def __init__(self, document: Any) -> None:
        """Look into it when asked."""
        self._document = document

    def __getitem__(self, selector: str) -> Any:
        """Return the first value that a selector finds."""
        for value in select(self._document, selector):
            return value
        raise KeyError(selector)

    def __iter__(self) -> Iterator[str]:
        """There is no end of selectors."""
        return iter(())

    def __len__(self) -> int:
        """As above."""
        return 0


def select(document: Any, selector: str) -> list[Any]:
    """Return the values that a selector finds: none, one, or several through ``[*]``."""
    found = [document]
    for step in _STEP.finditer(selector):
        name = next((each for each in step.groups()[:3] if each is not None), None)
        if name is not None:
            found = [each[name] for each in found if isinstance(each, dict) and name in each]
        elif step[4] == "*":
            found = [item for each in found if isinstance(each, list) for item in each]
        else:
            index = int(step[4])
            found = [each[index] for each in found if isinstance(each, list) and index < len(each)]
    return found


def parse_json_pattern(text: str) -> JsonCondition:
    """Understand an expression in braces.

    Raises:
        InvalidPattern: it makes no sense.
    """
    reader = Reader(_tokens(text))
    reader.take("{")
    condition = reader.joined(lambda: _comparison(reader), _join)
    reader.take("}")
    if reader.peek():
        raise InvalidPattern(f"Invalid filter pattern at {reader.peek()!r}")
    return JsonCondition(condition)


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if not found:
            raise InvalidPattern(f"Invalid filter pattern at {text[position:].strip()!r}")
        tokens.append(found[1])
        position = found.end()
    return tokens


def _join(operator: str, parts: list[Callable[[Any], bool]]) -> Callable[[Any], bool]:
    combine = all if operator == "&&" else any
    return lambda document: combine(part(document) for part in parts)


def _comparison(reader: Reader) -> Callable[[Any], bool]:
    selector = reader.take()
    if not selector.startswith("$"):
        raise InvalidPattern(f"Invalid filter pattern: a selector ($.name) was expected, not {selector!r}")
    operator = reader.take()
    if operator.upper() in ("IS", "NOT"):
        return _state(selector, f"{operator} {reader.take()}".upper())
    if operator not in ("=", "!=", "<", "<=", ">", ">="):
        raise InvalidPattern(f"Invalid filter pattern: {operator!r} is no operator")
    wanted = reader.take()
    is_quoted = wanted.startswith('"')
    test = comparison(operator, wanted[1:-1].replace('\\"', '"') if is_quoted else wanted, is_quoted=is_quoted)

    def holds(document: Any) -> bool:
        return any(
            test(value)
            for value in select(document, selector)
            if value is not None and not isinstance(value, dict | list)
        )

    return holds


def _state(selector: str, state: str) -> Callable[[Any], bool]:
    wanted = {"IS TRUE": True, "IS FALSE": False, "IS NULL": None}
    if state == "NOT EXISTS":
        return lambda document: not select(document, selector)
    if state not in wanted:
        raise InvalidPattern(f"Invalid filter pattern: {state!r} is none of IS TRUE, IS FALSE, IS NULL, NOT EXISTS")
    return lambda document: any(value is wanted[state] for value in select(document, selector))
