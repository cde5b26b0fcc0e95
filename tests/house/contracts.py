"""Contracts of import-linter over the whole tree; what they hold stands in pyproject.toml."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

EVERYTHING = "*"


def read(lines: list[str]) -> dict[str, set[str]]:
    """Read arrows, ``room -> room, room``: for each room those that it may import."""
    parts = (line.partition("->") for line in lines)
    return {room.strip(): {it.strip() for it in others.split(",") if it.strip()} for room, _, others in parts}


class Rooms(Contract):
    """A module imports modules of its own room, and of the rooms to which an arrow leads; every arrow is one in use."""

    type_name = "rooms"

    arrows = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Compare what is imported with what may be."""
        del verbose
        allowed = read(self.arrows)
        used: dict[str, set[str]] = {room: set() for room in allowed}
        wrong = []
        for module, imported in _imports(graph):
            one, other = _room(module, allowed), _room(imported, allowed)
            if one == other:
                continue
            used[one].add(other)
            if not allowed[one] & {other, EVERYTHING}:
                wrong.append(f"{module} imports {imported}: no arrow leads from {one} to {other}")
        idle = [f"{one} -> {other}" for one in allowed for other in allowed[one] - used[one] - {EVERYTHING}]
        wrong += [f"nothing uses the arrow {arrow}: take it away" for arrow in sorted(idle)]
        return ContractCheck(kept=not wrong, metadata={"wrong": sorted(wrong)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print what is wrong."""
        for line in check.metadata["wrong"]:
            output.print(line)


class NoCircles(Contract):
    """No module imports itself by way of others, not even for its types alone."""

    type_name = "no circles"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look for a circle."""
        del verbose
        known = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
        try:
            TopologicalSorter(known).prepare()
        except CycleError as error:
            return ContractCheck(kept=False, metadata={"circle": list(reversed(error.args[1]))})
        return ContractCheck(kept=True)

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the circle."""
        output.print(" -> ".join(check.metadata["circle"]))


def _imports(graph: ImportGraph) -> Iterator[tuple[str, str]]:
    for module in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            yield module, imported


def _room(module: str, rooms: dict[str, set[str]]) -> str:
    """Return the room that a module lies in: the one with the longest name."""
    return max((room for room in rooms if f"{module}.".startswith(f"{room}.")), key=len)
