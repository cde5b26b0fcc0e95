"""What the documents tell people to type works."""

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emulator.harness.places import ROOT
from infra_cdk import bundle

pytestmark = [pytest.mark.gate, pytest.mark.browser]
README = (ROOT / "README.md").read_text()


def test_the_commands_of_the_readme_work_in_their_order(tmp_path: Path) -> None:
    """From ``up`` to ``down``, as the section for one's desk lists them."""
    section = README.partition("## At your desk")[2].partition("\n## ")[0]
    commands = [line.partition("  #")[0].strip() for line in section.splitlines() if line.startswith("    ./huntaze")]
    assert commands[0].startswith("./huntaze up")
    assert commands[-1] == "./huntaze down"
    env = {**os.environ, "HUNTAZE_STATE": str(tmp_path), "BROWSER": "true"}
    up = subprocess.Popen(shlex.split(commands[0]), cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 90
        while not (tmp_path / "run.json").exists():
            assert up.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for command in commands[1:]:
            done = subprocess.run(
                shlex.split(command), cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == 0, f"{command}: {done.stderr}"
        assert up.wait(30) == 0
    finally:
        up.kill()
        up.wait()


def test_the_fixtures_work_from_another_repository(tmp_path: Path) -> None:
    """The example of docs/testing.md, as it stands, in an environment that has what the page says and no more."""
    conftest, example = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "testing.md").read_text(), re.DOTALL)
    (tmp_path / "conftest.py").write_text(conftest)
    (tmp_path / "test_example.py").write_text(example)
    uv, python = [bundle.uv(ROOT), "--quiet"], tmp_path / ".venv" / "bin" / "python"
    subprocess.run([*uv, "venv", "--python", sys.executable, tmp_path / ".venv"], check=True, timeout=100)
    install = [*uv, "pip", "install", "--python", python, "--editable", f"{ROOT}[harness]"]
    subprocess.run(install, check=True, timeout=200)
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)

    assert "1 passed" in done.stdout, done.stdout
