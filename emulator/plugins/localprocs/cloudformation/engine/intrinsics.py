"""CloudFormation's functions: a part of a template and what it stands for."""

import base64
import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from localprocs.cloudformation.engine.references import VARIABLE, attribute_of


class TemplateError(Exception):
    """The template asks for what cannot be; the message is AWS's."""


class Scope(Protocol):
    """Where names get their meaning."""

    def ref(self, name: str) -> Any:
        """Return what Ref of the name is."""

    def attribute(self, name: str, attribute: str) -> Any:
        """Return what Fn::GetAtt of the two is."""

    def exported(self, name: str) -> Any:
        """Return what another stack exports by the name."""

    def zones(self, region: str) -> list[str]:
        """Return a region's availability zones."""

    @property
    def mappings(self) -> Mapping[str, Any]:
        """The template's."""

    @property
    def conditions(self) -> Mapping[str, Any]:
        """The template's, not yet evaluated."""


NO_VALUE = object()
"""What AWS::NoValue is: the property or element is not there."""


def evaluate(value: Any, scope: Scope) -> Any:
    """Return what the value stands for.

    Raises:
        TemplateError: a function is used as it cannot be.
    """
    if isinstance(value, dict):
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if function := FUNCTIONS.get(name):
                return function(argument, scope)
        found = {key: evaluate(each, scope) for key, each in value.items()}
        return {key: each for key, each in found.items() if each is not NO_VALUE}
    if isinstance(value, list):
        return [found for each in value if (found := evaluate(each, scope)) is not NO_VALUE]
    return value


def holds(condition: Any, scope: Scope) -> bool:  # noqa: PLR0911 - one for each way to write it
    """Return whether a condition of the template, by its name or written out, is true."""
    if isinstance(condition, str):
        if condition not in scope.conditions:
            raise TemplateError(f"Template format error: Unresolved condition dependency {condition}")
        return holds(scope.conditions[condition], scope)
    match condition:
        case {"Fn::Equals": [one, other]}:
            return _text(evaluate(one, scope)) == _text(evaluate(other, scope))
        case {"Fn::And": list(parts)}:
            return all(holds(part, scope) for part in parts)
        case {"Fn::Or": list(parts)}:
            return any(holds(part, scope) for part in parts)
        case {"Fn::Not": [part]}:
            return not holds(part, scope)
        case {"Condition": str(name)}:
            return holds(name, scope)
        case {"Fn::Contains": [values, wanted]}:
            return evaluate(wanted, scope) in evaluate(values, scope)
    raise TemplateError("Template error: every Condition must be a Fn::And, Fn::Equals, Fn::Not or Fn::Or")


def chosen(value: Any, scope: Scope) -> Any:
    """Return the value with the branch that holds in the place of each Fn::If."""
    match value:
        case {"Fn::If": [str(condition), then, otherwise]}:
            return chosen(then if holds(condition, scope) else otherwise, scope)
        case {"Fn::If": _}:
            raise TemplateError("Template error: Fn::If requires a list argument with three parameters")
        case dict():
            return {key: chosen(each, scope) for key, each in value.items()}
        case list():
            return [chosen(each, scope) for each in value]
    return value


def _ref(name: Any, scope: Scope) -> Any:
    return NO_VALUE if name == "AWS::NoValue" else scope.ref(name)


def _attribute(named: Any, scope: Scope) -> Any:
    name, attribute = attribute_of(named)
    return scope.attribute(name, evaluate(attribute, scope))


def _substitute(argument: Any, scope: Scope) -> str:
    text, given = argument if isinstance(argument, list) else (argument, {})
    values = {name: evaluate(value, scope) for name, value in given.items()}

    def value_of(match: Any) -> str:
        name = match[1].strip()
        if name in values:
            return _text(values[name])
        name, dot, attribute = name.partition(".")
        return _text(scope.attribute(name, attribute) if dot else scope.ref(name))

    return VARIABLE.sub(value_of, text).replace("${!", "${")


def _join(argument: Any, scope: Scope) -> str:
    delimiter, parts = argument
    return str(delimiter).join(map(_text, evaluate(parts, scope)))


def _split(argument: Any, scope: Scope) -> list[str]:
    delimiter, text = evaluate(argument, scope)
    return _text(text).split(delimiter)


def _select(argument: Any, scope: Scope) -> Any:
    index, values = evaluate(argument, scope)
    try:
        return values[int(index)]
    except (IndexError, ValueError, TypeError) as error:
        raise TemplateError(f"Template error: Fn::Select cannot select nonexistent value at index {index}") from error


def _find_in_map(argument: Any, scope: Scope) -> Any:
    table, row, column, *more = argument
    table, row, column = (evaluate(each, scope) for each in (table, row, column))
    try:
        return evaluate(scope.mappings[table][row][column], scope)
    except (KeyError, TypeError) as error:
        if more and isinstance(more[0], dict) and "DefaultValue" in more[0]:
            return evaluate(more[0]["DefaultValue"], scope)
        raise TemplateError(f"Template error: Unable to get mapping for {table}::{row}::{column}") from error


def _cidr(argument: Any, scope: Scope) -> list[str]:
    block, count, bits, *_ = [*evaluate(argument, scope), 8]
    network = ipaddress.ip_network(block)
    subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
    return [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]


def _either(argument: Any, scope: Scope) -> Any:
    return evaluate(chosen({"Fn::If": argument}, scope), scope)


def _base64(argument: Any, scope: Scope) -> str:
    return base64.b64encode(_text(evaluate(argument, scope)).encode()).decode()


def _zones(argument: Any, scope: Scope) -> list[str]:
    return scope.zones(evaluate(argument, scope) or scope.ref("AWS::Region"))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


FUNCTIONS: Mapping[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _attribute,
    "Fn::Sub": _substitute,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::If": _either,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::GetAZs": _zones,
    "Fn::ImportValue": lambda name, scope: scope.exported(evaluate(name, scope)),
    "Fn::Length": lambda values, scope: len(evaluate(values, scope)),
    "Fn::ToJsonString": lambda value, scope: json.dumps(evaluate(value, scope), separators=(",", ":")),
}
