"""Which modules of a package a module needs, read from the source without running it."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def closure(source: Path, roots: Iterable[Path], package: str) -> list[Path]:
    """Return the files below ``source`` that the root files import, directly or not, and the roots, sorted.

    A module brings the ``__init__.py`` of each package above it, as Python itself runs them.
    """
    found: set[Path] = set()
    waiting = [file for root in roots for file in [root, *_parents(source, root)]]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        for name in imported(file, source):
            if name.split(".")[0] == package:
                waiting += _files(source, name)
    return sorted(found)


def imported(file: Path, source: Path) -> Iterator[str]:
    """Yield the dotted names that the file imports when it runs: what stands under TYPE_CHECKING is left out."""
    for node in _run(ast.parse(file.read_bytes(), filename=str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = file.relative_to(source).with_suffix("").parts[: -node.level]
                base = ".".join([*package, *([base] if base else [])])
            yield base
            # A name imported from a package may be a module of it.
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _run(node)


def _files(source: Path, name: str) -> list[Path]:
    path = source.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return [file, *_parents(source, file)]
    return []


def _parents(source: Path, file: Path) -> list[Path]:
    folders = [folder for folder in file.parents if folder != source and folder.is_relative_to(source)]
    return [folder / "__init__.py" for folder in folders if (folder / "__init__.py").is_file()]
