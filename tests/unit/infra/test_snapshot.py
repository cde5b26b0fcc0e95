"""The templates as they were agreed: a change of code shows here as a change of template.

UPDATE_SNAPSHOTS=1 ./huntaze test tests/unit/infra/test_snapshot.py
"""

import difflib
import json
import os
import re
from pathlib import Path

import pytest

from tests.unit.infra.template import Assembly, Json

SNAPSHOTS = Path(__file__).parent / "snapshots"
STACKS = ("Network", "Registry", "Queues", "RateLimiter", "Scraper", "Observability")
HASH = re.compile(r"\b[0-9a-f]{64}\b")


@pytest.mark.parametrize("stack", STACKS)
def test_the_template_is_as_agreed(assembly: Assembly, stack: str) -> None:
    """The difference is what a deployment would change; agree to it with the command above."""
    path = SNAPSHOTS / f"{stack}.json"
    now = json.dumps(_normal(assembly[stack].body), indent=1, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(now)
    agreed = path.read_text() if path.is_file() else ""
    difference = "".join(
        difflib.unified_diff(agreed.splitlines(keepends=True), now.splitlines(keepends=True), "agreed", "now")
    )
    assert not difference, f"{stack} changed:\n{difference}"


def test_every_stack_has_a_snapshot(assembly: Assembly) -> None:
    """And no snapshot is left of one that is gone."""
    assert set(assembly.templates) == {f"Huntaze{stack}" for stack in STACKS}
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == set(STACKS)


def _normal(value: Json) -> Json:
    """Leave out what changes with the code of a function alone."""
    if isinstance(value, dict):
        return {name: _normal(it) for name, it in value.items()}
    if isinstance(value, list):
        return [_normal(it) for it in value]
    return HASH.sub("<hash>", value) if isinstance(value, str) else value
