"""A file that is no saved cloud is refused."""

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from localprocs import settings
from localprocs.host.cloud import Cloud
from localprocs.host.errors import CloudError
from localprocs.state import saved
from localprocs.state.format import FORMAT, HELD, MANIFEST, NotReadable, read


def file(**changes: Any) -> bytes:
    manifest = {"format": FORMAT, "saved_at": 0, "services": []} | changes.pop("manifest", {})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(MANIFEST, json.dumps(manifest))
        archive.writestr(HELD, changes.pop("held", pickle.dumps({})))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no file that `localprocs save` wrote"),
        (b"PK\x05\x06" + bytes(18), "no file that `localprocs save` wrote"),
        (file(manifest={"format": FORMAT + 1}), "take a newer localprocs"),
        (file(manifest={"format": None}), "no file that `localprocs save` wrote"),
    ],
    ids=["empty", "an empty zip", "newer", "no number"],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    """Before anything is started, in a line."""
    with pytest.raises(NotReadable, match=why):
        read(content)
    (tmp_path / "it").write_bytes(content)
    with pytest.raises(CloudError, match=why):
        Cloud(source=tmp_path / "it")


def test_a_file_of_a_later_time_needs_a_clock(tmp_path: Path) -> None:
    """On the machine's time nothing of it would be due for years."""
    (tmp_path / "it").write_bytes(file(manifest={"saved_at": 5e9}))
    with pytest.raises(CloudError, match="give a speed"):
        Cloud(source=tmp_path / "it")


@pytest.mark.parametrize("call", [subprocess.getoutput, eval, exec, __import__])
def test_a_file_runs_nothing(call: Callable[..., Any]) -> None:
    """It may name what services hold, and no function of a library."""

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return call, ("1",)

    with pytest.raises(NotReadable, match="which is nothing that a service holds"):
        saved.load(file(held=pickle.dumps(Trap())))


@pytest.mark.timeout(240)
def test_what_was_saved_is_read_by_another_process(tmp_path: Path) -> None:
    """Queues with what is in flight, by its receipt handle; tables, objects, keys, topics, alarms, rules, lines, stacks."""
    before, after = (ran(verb, tmp_path / "cloud.zip") for verb in ("save", "load"))
    assert before["stack"][0] == "CREATE_COMPLETE"
    assert after["told"] == before
    assert after["then"] == {"next": ["second"], "sizes": [5, 12 * 1024 * 1024, 6 * 1024 * 1024]}


def ran(verb: str, file: Path) -> Any:
    """Return what the program printed, with text hashed as an emulator does."""
    program = [sys.executable, Path(__file__).with_name("round_trip.py"), verb, file]
    env = {**os.environ, "PYTHONHASHSEED": settings.FIXED["PYTHONHASHSEED"]}
    done = subprocess.run(program, env=env, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout[done.stdout.index('{"') :])
