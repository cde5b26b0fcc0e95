"""A verb that is called wrongly says what to do, and has done nothing."""

import fcntl
import os
import subprocess
import time
from pathlib import Path

import pytest
from localprocs.vclock import open_clock

from emulator.harness import cloud, places
from emulator.harness.errors import HarnessError
from tests.unit.harness.typed import huntaze


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state's folder: one of the test's own."""
    monkeypatch.setenv("HUNTAZE_STATE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["up", "--speed", "0"], "0.1 to 1000"),
        (["up", "--speed", "nan"], "0.1 to 1000"),
        (["test", "--speed", "-3", "tests/unit"], "0.1 to 1000"),
        (["up", "--aws-port", "99999"], "65535"),
        (["bench", "[/x]"], "there is no benchmark '[/x]'"),
        (["send", '{"creator_id": "a", "creator_id": "b"}'], "not sent: creator_id stands twice in one object"),
        (["send", "[1]"], "not sent: the job is not a JSON object but a list"),
        (["send", '{"x": NaN}'], "not sent: NaN is no number in JSON"),
        (["send", '{"x"}'], "not sent: the job is not JSON: Expecting ':' delimiter at line 1, column 5"),
        (["send", b'{"x": "\xff"}'], "not sent: the job is not UTF-8 at byte 8"),
        (["send", "no-such-file.json"], "neither a JSON object nor a readable file"),
    ],
)
def test_it_is_told_what_is_allowed(words: list[str | bytes], remedy: str) -> None:
    """In words, not in a traceback."""
    refused = huntaze(*words)
    assert refused.returncode in (1, 2)
    assert remedy in refused.stderr


def test_a_browser_that_is_not_there_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its path, and how to have one chosen again."""
    monkeypatch.setattr(places, "chromium", lambda: "/nowhere/chromium")
    with pytest.raises(HarnessError, match=r"no Chromium at /nowhere/chromium: rm \.huntaze/ready, and start again"):
        places.require_chromium()


def test_a_browser_stays_on_the_time_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far the clock of the task that starts it has jumped."""
    (tmp_path / "browser").write_text("#!/bin/sh\nexec date +%s\n")
    (tmp_path / "browser").chmod(0o755)
    monkeypatch.setattr(places, "chromium", lambda: str(tmp_path / "browser"))
    with open_clock(10, lambda _: None) as clock:
        clock.jump(86_400)
        env = {**os.environ, **clock.env()}
        told = {
            program: int(subprocess.run([program, "+%s"], env=env, capture_output=True, check=True, timeout=30).stdout)
            for program in ("date", str(cloud.browser_on_wall_clock(tmp_path)))
        }
    by_task, by_browser = told.values()
    assert by_task - time.time() > 80_000
    assert abs(by_browser - time.time()) < 1_000


def test_a_second_harness_is_refused_while_the_first_one_starts(state: Path) -> None:
    """There is no run.json yet, but the folder is taken."""
    with (state / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = huntaze("up")
    assert refused.returncode == 1
    assert "up here already" in refused.stderr


def test_a_state_folder_that_cannot_be_is_named(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file lies there."""
    (state / "file").touch()
    monkeypatch.setenv("HUNTAZE_STATE", str(state / "file"))
    assert "set HUNTAZE_STATE to a folder" in huntaze("status").stderr
