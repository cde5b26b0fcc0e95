"""A cloud assembly as it lies in its folder: the stacks, and on which others each stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Stack:
    """A stack of the assembly."""

    name: str
    template: Path
    requires: frozenset[str]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters that its template declares."""
        return dict(json.loads(self.template.read_text()).get("Parameters", {}))


def stacks(assembly: Path) -> dict[str, Stack]:
    """Read the stacks of an assembly by artefact id."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    kinds = {name: each["type"] for name, each in artifacts.items()}
    return {
        name: Stack(
            each["properties"].get("stackName", name),
            assembly / each["properties"]["templateFile"],
            frozenset(it for it in each.get("dependencies", ()) if kinds.get(it) == "aws:cloudformation:stack"),
        )
        for name, each in artifacts.items()
        if each["type"] == "aws:cloudformation:stack"
    }
