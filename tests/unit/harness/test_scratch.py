"""What a harness keeps while it runs goes with it, and with whoever comes next if it was killed."""

import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from localprocs.host.scratch import Scratch, remove_abandoned

from emulator.harness import disk, log_groups
from emulator.harness.errors import HarnessError
from emulator.harness.harness import Harness
from tests.unit.vclock.conftest import Program

OWNER = "from localprocs.host.scratch import Scratch\nscratch = Scratch(); print(scratch.path, flush=True); input()"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def test_what_the_dead_left_is_removed_at_the_next_start_and_what_the_living_have_stays(temporary: Path) -> None:
    """A raw trace in the folder of one that was killed is gone; nothing that is not such a folder is touched."""
    (temporary / "huntaze-artefacts-1").mkdir()
    env = {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(temporary)}
    with Program([sys.executable, "-c", OWNER], env) as program:
        folder = Path(program.line())
        (folder / "raw.trace").write_text("a typed password")
        remove_abandoned(temporary)
        assert (folder / "raw.trace").exists()
        program.process.send_signal(signal.SIGKILL)
        program.process.wait(60)
    scratch = Scratch()
    assert not folder.exists()
    scratch.remove()
    scratch.remove()
    assert [it.name for it in temporary.iterdir()] == ["huntaze-artefacts-1"]


def test_a_full_disk_at_the_end_keeps_nothing_from_being_cleared_up(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last logs are lost, which is told, and all else ends as ever."""

    def save(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log_groups, "save", save)
    monkeypatch.setenv("HUNTAZE_STATE", str(temporary / "state"))
    harness = Harness()
    run: Any = SimpleNamespace(clients=None)
    harness._run = run
    with pytest.raises(HarnessError, match=r"could not be kept: .*No space left"):
        harness.stop()
    assert not harness.directory.exists()
    harness.stop()


def test_a_start_without_room_is_refused_at_once(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is started, and nothing is left."""
    monkeypatch.setenv("HUNTAZE_STATE", str(temporary / "state"))
    monkeypatch.setattr(disk, "LEAST_BYTES", 1 << 60)
    harness = Harness()
    with pytest.raises(HarnessError, match="the disk is full: no space is left at"), harness:
        pass
    assert not harness.directory.exists()
