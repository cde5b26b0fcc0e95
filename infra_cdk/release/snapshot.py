"""How the stacks were before a deployment: kept in a folder, and brought back from it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from huntaze_scraper.operations.errors import TellOperator
from infra_cdk.release.stacks import Stacks

INDEX = "stacks.json"


def save(stacks: Stacks, names: Sequence[str], folder: Path) -> None:
    """Keep each stack's template and parameters; what does not exist is noted as that."""
    folder.mkdir(parents=True, exist_ok=True)
    index: dict[str, dict[str, str] | None] = {}
    for name in names:
        if stacks.status(name):
            (folder / f"{name}.json").write_text(stacks.template(name))
            index[name] = stacks.parameters(name)
        else:
            index[name] = None
    partial = folder / f"{INDEX}.partial"
    partial.write_text(json.dumps(index, indent=1) + "\n")
    partial.replace(folder / INDEX)  # a folder without it is not whole


def changed(stacks: Stacks, folder: Path) -> Iterator[str]:
    """Tell which stacks are not as they were kept; new ones too."""
    for name, parameters in _index(folder).items():
        if parameters is None:
            if stacks.status(name):
                yield name
        elif parameters != stacks.parameters(name) or stacks.template(name) != _template(folder, name):
            yield name


def restore(stacks: Stacks, folder: Path) -> Iterator[str]:
    """Bring each stack back, the last deployed first, and tell what was done; one that fails does not stop the others.

    Raises:
        TellOperator: nothing is kept there, or updates failed.
    """
    failures: list[str] = []
    for name, parameters in reversed(_index(folder).items()):
        if parameters is None:
            if stacks.status(name):
                yield f"{name} is new: it stays, since it may hold data; delete it by hand if it should go"
            continue
        try:
            is_updated = stacks.update(name, _template(folder, name), parameters)
        except TellOperator as error:
            failures.append(str(error))
        else:
            yield f"{name} {'is as it was' if is_updated else 'had not changed'}"
    if failures:
        raise TellOperator("; ".join(failures))


def _index(folder: Path) -> dict[str, dict[str, str] | None]:
    try:
        return dict(json.loads((folder / INDEX).read_text()))
    except OSError:
        raise TellOperator(f"no deployment was kept in {folder}") from None


def _template(folder: Path, name: str) -> str:
    return (folder / f"{name}.json").read_text()
