"""Values as DynamoDB's low-level API writes them, and back. Numbers come back as int or float, not as Decimal."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any


def write(value: Any) -> dict[str, Any]:
    """Write one value.

    Raises:
        TypeError: DynamoDB has no such type.
    """
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": write_all(value)}
        case list() | tuple():
            return {"L": [write(each) for each in value]}
    raise TypeError(f"no attribute can be a {type(value).__name__}")


def write_all(values: Mapping[str, Any]) -> dict[str, Any]:
    """Write the values of an item, or of the placeholders of an expression."""
    return {name: write(value) for name, value in values.items()}


def read(attribute: Mapping[str, Any]) -> Any:
    """Read one value."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return float(value) if set(value) & set(".eE") else int(value)
        case "M":
            return read_all(value)
        case "L":
            return [read(each) for each in value]
    return value


def read_all(item: Mapping[str, Any]) -> dict[str, Any]:
    """Read the values of an item."""
    return {name: read(attribute) for name, attribute in item.items()}


def known(shape: Any, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the item holds of the dataclass's fields: a later version's further attributes are no obstacle."""
    return {each.name: item[each.name] for each in fields(shape) if each.name in item}
