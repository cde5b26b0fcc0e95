"""A synthesised template, asked for what a test wants to know of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

type Json = Any


class Template:
    """One stack's template."""

    def __init__(self, path: Path) -> None:
        """Read it."""
        self.body: Json = json.loads(path.read_text())

    def of_type(self, kind: str) -> dict[str, Json]:
        """Return the resources of a type, by logical id."""
        return {name: it for name, it in self.body.get("Resources", {}).items() if it["Type"] == kind}

    def properties(self, kind: str) -> list[Json]:
        """Return the properties of each resource of a type."""
        return [it.get("Properties", {}) for it in self.of_type(kind).values()]

    def only(self, kind: str) -> Json:
        """Return the properties of the one resource of its type."""
        (found,) = self.properties(kind)
        return found


class Assembly:
    """The templates of all stacks."""

    def __init__(self, folder: Path) -> None:
        """Read them."""
        self.folder = folder
        self.templates = {
            path.name.removesuffix(".template.json"): Template(path) for path in sorted(folder.glob("*.template.json"))
        }

    def __getitem__(self, stack: str) -> Template:
        """Return a stack's template; the names' common beginning may be left out."""
        return self.templates[f"Huntaze{stack}"]

    def resources(self) -> Iterator[tuple[str, str, Json]]:
        """Yield stack, logical id and body of every resource."""
        for stack, template in self.templates.items():
            for name, body in template.body.get("Resources", {}).items():
                yield stack, name, body

    def parameters_of(self, stack: str) -> Json:
        """Return what a stack asks for when it is deployed."""
        return self[stack].body.get("Parameters", {})


def text(value: Json) -> str:
    """Write a value with its intrinsic functions spelled out: ``${Name.Arn}``, joined where they are joined."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::ImportValue": name}:
            return f"${{{name}}}"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(text(part) for part in parts)
        case {"Fn::Select": [index, {"Fn::Split": [separator, inner]}]}:
            return f"${{{text(inner)} by {separator} at {index}}}"
    return str(value)


def listed(value: Json) -> list[Json]:
    """Return a list, also of what stands alone."""
    return value if isinstance(value, list) else [value]
