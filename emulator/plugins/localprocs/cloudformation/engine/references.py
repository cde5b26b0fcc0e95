"""What a part of a template refers to."""

import re
from collections.abc import Iterator
from typing import Any

VARIABLE = re.compile(r"\$\{([^!][^}]*)\}")
"""A variable of Fn::Sub; ``${!Literal}`` is none."""


def references(value: Any) -> Iterator[tuple[str, str | None]]:
    """Yield each name that is referred to, with the attribute that is wanted of it; None for what Ref returns."""
    match value:
        case {"Ref": str(name)}:
            yield name, None
        case {"Fn::GetAtt": named}:
            name, attribute = attribute_of(named)
            if isinstance(name, str):
                yield name, attribute if isinstance(attribute, str) else ""
            yield from references(attribute)
        case {"Fn::Sub": [str(text), dict(variables)]}:
            yield from _variables(text, variables)
            yield from references(variables)
        case {"Fn::Sub": str(text)}:
            yield from _variables(text, {})
        case dict():
            for each in value.values():
                yield from references(each)
        case list():
            for each in value:
                yield from references(each)


def attribute_of(named: Any) -> tuple[Any, Any]:
    """Take the argument of Fn::GetAtt apart, in either spelling; an attribute that is missing is empty."""
    parts = named.split(".", 1) if isinstance(named, str) else named
    if not isinstance(parts, list) or not parts:
        return "", ""
    rest = parts[1:]
    return parts[0], rest[0] if len(rest) == 1 else ".".join(map(str, rest))


def _variables(text: str, given: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    for variable in VARIABLE.findall(text):
        if variable.strip() not in given:
            name, dot, attribute = variable.strip().partition(".")
            yield name, attribute if dot else None
