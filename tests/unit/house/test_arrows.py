"""Which room may know which."""

import subprocess
from pathlib import Path

import pytest

from emulator.harness.places import ROOT
from tests.house import drawing

LINT = ROOT / ".venv" / "bin" / "lint-imports"
PLUGINS = ROOT / "emulator" / "plugins"
RULES = """
[importlinter]
root_packages =
    upper
    lower
contract_types =
    rooms: tests.house.contracts.Rooms
    no circles: tests.house.contracts.NoCircles
[importlinter:contract:rooms]
name = rooms
type = rooms
arrows =
    upper -> lower
    lower ->
[importlinter:contract:circles]
name = circles
type = no circles
"""


def lint(folder: Path, *options: str, path: str = "") -> tuple[int, str]:
    env = {"PATH": "/bin:/usr/bin", "PYTHONPATH": f"{ROOT}:{path}"}
    ran = subprocess.run(
        [LINT, "--no-cache", *options], cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    return ran.returncode, ran.stdout


def test_every_room_imports_only_where_its_arrows_lead_and_no_module_itself() -> None:
    """Imports for types alone count, and an arrow that nothing uses is a fault as well."""
    code, told = lint(ROOT, path=str(PLUGINS))

    assert code == 0, told


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"upper/a.py": "import lower.b", "lower/b.py": ""}, ""),
        ({"upper/a.py": "import lower.b", "lower/b.py": "import upper.c", "upper/c.py": ""}, "no arrow leads from"),
        ({"upper/a.py": "", "lower/b.py": ""}, "nothing uses the arrow"),
        (
            {
                "upper/a.py": "import lower.b\nimport upper.c",
                "upper/c.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import upper.a",
                "lower/b.py": "",
            },
            "upper.a -> ",
        ),
    ],
    ids=["as it may", "against the arrow", "an idle arrow", "a circle of types"],
)
def test_what_is_against_the_rules_is_told(tmp_path: Path, files: dict[str, str], complaint: str) -> None:
    """By the modules that it is about."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).with_name("__init__.py").touch()
        (tmp_path / name).write_text(text)
    (tmp_path / "rules.ini").write_text(RULES)

    code, told = lint(tmp_path, "--config", "rules.ini", path=str(tmp_path))

    assert (code, complaint in told) == (1 if complaint else 0, True), told


def test_the_drawings_are_made_of_the_arrows() -> None:
    """Make them anew by ``python -m tests.house.drawing``."""
    page = drawing.PAGE.read_text()
    assert page == drawing.filled(page)
    assert page.count("<!-- made from the arrows") == 2
