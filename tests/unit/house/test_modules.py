"""Each module of the tree stands alone."""

import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.mutation import PURE
from emulator.harness.places import PLUGINS_PYTHON, PYTHON, ROOT

PLUGINS = ROOT / "emulator" / "plugins"
IN_A_TASK = ROOT / "emulator" / "harness" / "artefacts" / "in_task"
"""Runs in the tasks' own interpreter, by the names that it has there."""


def modules(folder: Path, root: Path) -> list[str]:
    """Return the names of a folder's modules; running a program is no import."""
    files = (it for it in sorted(folder.rglob("*.py")) if it.name != "__main__.py" and IN_A_TASK not in it.parents)
    names = (it.relative_to(root).with_suffix("").parts for it in files)
    return [".".join(parts).removesuffix(".__init__") for parts in names]


def ours() -> list[str]:
    folders = ("cli", "console", "drawing", "harness", "incidents")
    return [
        *modules(ROOT / "src" / "huntaze_scraper", ROOT / "src"),
        *(name for folder in ("infra_cdk", "fake_onlyfans") for name in modules(ROOT / folder, ROOT)),
        *(name for folder in folders for name in modules(ROOT / "emulator" / folder, ROOT)),
        *modules(ROOT / "tests" / "gate", ROOT),
        *modules(ROOT / "benchmarks", ROOT),
    ]


@pytest.mark.parametrize(
    ("python", "names", "path"),
    [(PYTHON, ours(), ""), (PLUGINS_PYTHON, modules(PLUGINS / "localprocs", PLUGINS), str(PLUGINS))],
    ids=["the project's", "the plug-ins'"],
)
def test_each_can_be_imported_where_no_other_is(python: Path, names: list[str], path: str) -> None:
    """So that no module works only because another was imported before it."""
    env = {**os.environ, "PYTHONPATH": path}
    script = [python, str(ROOT / "tests" / "house" / "alone.py")]
    tried = subprocess.run(
        script, input="\n".join(names), cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False
    )
    assert (tried.stdout.splitlines(), tried.returncode) == ([], 0), tried.stderr
    assert len(names) > 150


def test_one_that_cannot_is_told(tmp_path: Path) -> None:
    """Two that import each other: either fails, alone."""
    (tmp_path / "one.py").write_text("from other import b\na = 1\n")
    (tmp_path / "other.py").write_text("from one import a\nb = 1\n")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    script = [PYTHON, str(ROOT / "tests" / "house" / "alone.py")]
    tried = subprocess.run(script, input="one other", env=env, capture_output=True, text=True, timeout=60, check=False)
    assert tried.returncode == 1
    assert [line.partition(":")[0] for line in tried.stdout.splitlines()] == ["one", "other"]
    assert "circular import" in tried.stdout


def test_what_is_mutated_is_there_with_its_tests() -> None:
    """A module that was renamed would be left out, and its mutants would live."""
    named = [ROOT / "src" / it for it in PURE] + [
        ROOT / "tests" / "unit" / it for tests in PURE.values() for it in tests
    ]
    assert [str(it) for it in named if not it.is_file()] == []
