"""How the stacks were before a deployment: kept in a folder, and brought back from it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from emulator.harness.errors import HarnessError
from emulator.harness.release.stacks import Stacks

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


def restore(stacks: Stacks, folder: Path) -> Iterator[str]:
    """Bring each stack back, the last deployed first, and tell what was done.

    Raises:
        HarnessError: nothing is kept there, or an update failed.
    """
    try:
        index: dict[str, dict[str, str] | None] = json.loads((folder / INDEX).read_text())
    except OSError:
        raise HarnessError(f"no deployment was kept in {folder}") from None
    for name, parameters in reversed(index.items()):
        if parameters is None:
            if stacks.status(name):
                yield f"{name} is new: it stays, since it may hold data; delete it by hand if it should go"
            continue
        changed = stacks.update(name, (folder / f"{name}.json").read_text(), parameters)
        yield f"{name} {'is as it was' if changed else 'had not changed'}"
