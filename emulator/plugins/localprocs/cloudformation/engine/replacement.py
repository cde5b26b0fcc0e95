"""Whether an update must replace a resource: by the values of its properties, as AWS decides it."""

from typing import Any

from localprocs.cloudformation.resource_type import Properties


def is_needed(create_only: list[str], before: Properties, after: Properties) -> bool:
    """Whether a property that only a new resource can take is not what it was; ``create_only`` are JSON pointers."""
    return any(_at(pointer, before) != _at(pointer, after) for pointer in create_only)


def keeps_its_name(kind: str, create_only: list[str], before: Properties, after: Properties) -> bool:
    """Whether the template names the resource and goes on to: its successor cannot be made beside it."""
    names = {f"{kind.rsplit('::', 1)[-1]}Name", "Name"} & {_top(pointer) for pointer in create_only}
    return any(name in after and before.get(name) == after[name] for name in names)


def _at(pointer: str, properties: Any) -> Any:
    for part in pointer.removeprefix("/properties/").split("/"):
        properties = properties.get(part) if isinstance(properties, dict) else None
    return properties


def _top(pointer: str) -> str:
    return pointer.removeprefix("/properties/").split("/")[0]
