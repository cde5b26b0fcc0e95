"""The verbs over a bundle, as a person types them."""

import subprocess
from pathlib import Path

import pytest

from emulator.harness import places


def huntaze(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run the command."""
    command = [places.PYTHON, places.ROOT / "scripts" / "verbs.py", "incident", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("verb", ["replay", "keep"])
def test_what_is_no_bundle_is_told_in_one_line(verb: str, tmp_path: Path) -> None:
    """Nothing is started, nothing is written, and the exit code says that the input was bad."""
    (tmp_path / "incident-x.zip").write_bytes(b"PK\x03\x04 but no more")

    ended = huntaze(verb, tmp_path / "incident-x.zip")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "is damaged or no zip" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_one_group_has_all_verbs() -> None:
    """Those of operators and those of this machine."""
    told = huntaze("--help").stdout

    assert [it for it in ("capture", "show", "replay", "keep", "redact") if f" {it} " not in told] == []
