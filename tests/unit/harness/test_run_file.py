"""run.json leads to the harness that wrote it, and to nobody else."""

import subprocess
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from localprocs.host import living_file

from emulator.harness import run_file
from emulator.harness.run_file import Run


def a_run() -> Run:
    """Of this very process."""
    texts: dict[str, Any] = {it.name: "text" for it in fields(Run) if it.type is str}
    return Run(**texts, speed=1.0)


def test_a_harness_that_runs_is_found(tmp_path: Path) -> None:
    """As it was written."""
    living_file.write(a_run(), tmp_path / "run.json")
    assert run_file.find(tmp_path / "run.json") == a_run()


def test_a_process_that_has_a_dead_ones_number_is_no_harness(tmp_path: Path) -> None:
    """Or ``down`` would stop a stranger: the file goes instead."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        living_file.write(replace(a_run(), pid=stranger.pid, started=1.0), tmp_path / "run.json")
        assert run_file.find(tmp_path / "run.json") is None
        assert not (tmp_path / "run.json").exists()
        assert stranger.poll() is None
        stranger.kill()


def test_an_ended_process_whose_parent_has_not_looked_is_no_harness(tmp_path: Path) -> None:
    """A zombie holds nothing up."""
    with subprocess.Popen(["true"], stdout=subprocess.PIPE) as ended:
        assert ended.stdout is not None
        ended.stdout.read()
        living_file.write(replace(a_run(), pid=ended.pid), tmp_path / "run.json")
        assert run_file.find(tmp_path / "run.json") is None


def test_its_clients_are_made_once() -> None:
    """Each costs a tenth of a second, and pages ask for them at every look."""
    run = a_run()
    assert run.clients is run.clients
    assert run == a_run()
