"""The starter: when it goes straight to the command line, and when it sets the machine up first."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from emulator.harness.places import ROOT

INPUTS = ("pyproject.toml", "uv.lock", ".python-version", "emulator/plugins/pyproject.toml", "emulator/plugins/uv.lock")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout laid out as the emulator's image is, its set-up and its Python told apart by what they say."""
    for path in INPUTS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    says(tmp_path / "scripts" / "set-up.sh", "set up for $1")
    for environment in (".venv", "emulator/plugins/.venv"):
        says(tmp_path / environment / "bin" / "python", "started")
    shutil.copy(ROOT / "huntaze", tmp_path)
    (tmp_path / ".huntaze").mkdir()
    (tmp_path / ".huntaze" / "ready").touch()
    return tmp_path


def says(program: Path, word: str) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\necho {word}\n")
    program.chmod(0o755)


def start(checkout: Path) -> list[str]:
    done = subprocess.run([checkout / "huntaze", "status"], capture_output=True, text=True, check=True)
    return [*done.stderr.splitlines(), *done.stdout.splitlines()]


def test_an_image_without_a_browser_needs_no_set_up(checkout: Path) -> None:
    """The tasks bring their own."""
    assert start(checkout) == ["started"]


def test_a_browser_that_went_away_is_set_up_again(checkout: Path) -> None:
    """One that is still there is not."""
    chosen = checkout / ".huntaze" / "chromium"
    chosen.write_text("/bin/true\n")
    assert start(checkout) == ["started"]
    chosen.write_text("/nowhere/chromium\n")
    assert start(checkout) == ["set up for status", "started"]


def test_another_system_is_told_what_works_there(checkout: Path, tmp_path: Path) -> None:
    """In the first line, with the command for it; what needs no processes of Linux goes on."""
    says(tmp_path / "tools" / "uname", "Darwin")
    env = {**os.environ, "PATH": f"{tmp_path / 'tools'}{os.pathsep}{os.environ['PATH']}"}

    done = subprocess.run([checkout / "huntaze", "demo"], env=env, capture_output=True, text=True, check=True)

    assert done.stdout == "started\n"
    assert done.stderr.count("\n") == 1
    assert "containers, at the machine's clock: docker compose up --build" in done.stderr


def test_a_machine_that_never_was_set_up_is(checkout: Path) -> None:
    """As is one whose environment is gone."""
    (checkout / "emulator" / "plugins" / ".venv" / "bin" / "python").unlink()
    assert start(checkout) == ["set up for status", "started"]
    (checkout / ".huntaze" / "ready").unlink()
    assert start(checkout) == ["set up for status", "started"]


def test_the_emulator_alone_is_set_up_without_a_browser() -> None:
    """Set-up is told the verb, and leaves the browser to the first other one."""
    script = (ROOT / "scripts" / "set-up.sh").read_text()
    before, after = script.split('[ "${1-}" != emulator ] || exit 0')
    assert "emulator/plugins" in before
    assert 'step 5 "Chromium"' in after
