"""What is left when the emulator is killed."""

import os
import subprocess
import sys

import psutil
from localprocs.ecs import watchman

EMULATOR = """
import sys, time
from localprocs.ecs.guardian import Guardian
from localprocs.ecs.process_runner import ProcessRunner
from localprocs.ecs.runner import Launch
program = "import subprocess, time; print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid, flush=True); time.sleep(600)"
mark = sys.argv[2]
launch = Launch([sys.executable, "-c", program], {"MARK": mark, "PATH": "/usr/bin:/bin"}, sys.argv[1], mark)
running = ProcessRunner(Guardian()).start(launch)
print(running.pid, running.output.readline().decode(), flush=True)
time.sleep(600)
"""


def test_nothing_is_left_when_the_emulator_is_killed(tmp_path):
    """Neither the container, nor what it started in a session of its own, nor its folder."""
    folder = tmp_path / "task"
    folder.mkdir()
    emulator = subprocess.Popen(
        [sys.executable, "-c", EMULATOR, str(folder), f"mark-{tmp_path.name}-{id(tmp_path)}"], stdout=subprocess.PIPE
    )
    with emulator:
        pids = [int(each) for each in emulator.stdout.readline().split()]
        left = [psutil.Process(pid) for pid in pids]
        guardian = next(
            each for each in psutil.Process(emulator.pid).children() if "watchman" in " ".join(each.cmdline())
        )
        emulator.kill()

    psutil.wait_procs([guardian], timeout=60)
    assert [each.pid for each in left if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []
    assert not folder.exists()


def test_a_process_in_the_middle_of_its_exec_is_looked_at_again(tmp_path, monkeypatch):
    """The kernel takes its old environment away before it has the new one; what never has one is passed over."""
    for pid, has_program in ((1, True), (2, False)):
        process = tmp_path / str(pid)
        process.mkdir()
        (process / "cmdline").touch()
        (process / "environ").touch()
        if has_program:
            (process / "exe").symlink_to(sys.executable)
    monkeypatch.setattr(os, "sched_yield", lambda: (tmp_path / "1" / "environ").write_bytes(b"MARK=m\0"))

    assert list(watchman.bearers([b"MARK=m"], tmp_path)) == [1]
