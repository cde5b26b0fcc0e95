"""Containers as processes."""

import os
import sys
import threading
import time

import psutil
import pytest
from localprocs.ecs.errors import StartFailure
from localprocs.ecs.guardian import Guardian
from localprocs.ecs.process_runner import ProcessRunner
from localprocs.ecs.runner import Launch

GRANDCHILD = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(float(sys.argv[1]))
"""


@pytest.fixture
def start(tmp_path):
    """Start a container that runs Python, and leave none behind."""
    started, guardian = [], Guardian()
    runner = ProcessRunner(guardian)

    def begin(program, *arguments):
        environment = {"MARK": f"mark-{os.getpid()}-{id(tmp_path)}", "PATH": os.environ["PATH"], "GIVEN": "yes"}
        launch = Launch([sys.executable, "-c", program, *arguments], environment, str(tmp_path), environment["MARK"])
        started.append(runner.start(launch))
        return started[-1]

    yield begin
    for each in started:
        each.kill()
    guardian.close()


def is_gone(pid):
    """Whether a process has ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def eventually(check, seconds=30.0):
    """Whether something comes true in time."""
    end, never = time.monotonic() + seconds, threading.Event()
    while not check() and time.monotonic() < end:
        never.wait(0.01)
    return check()


def test_a_container_runs_in_its_folder_with_its_environment_alone(start, tmp_path):
    """Standard output and error come through one pipe."""
    running = start(
        "import os, sys; print(os.getcwd(), os.environ['GIVEN'], 'HOME' in os.environ); print('err', file=sys.stderr)"
    )

    lines = running.output.read().decode().splitlines()
    assert running.wait() == 0
    assert sorted(lines) == [f"{tmp_path} yes False", "err"]


@pytest.mark.parametrize(("program", "code"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)])
def test_the_exit_code_is_told_as_docker_tells_it(start, program, code):
    """128 and the number where a signal ended it."""
    assert start(program).wait() == code


def test_terminate_asks_the_first_process_only(start):
    """What it does about its children is its own affair; when it has ended they are ended too."""
    running = start(GRANDCHILD, "600")
    grandchild = int(running.output.readline())

    running.terminate()

    assert running.wait() == 143
    assert eventually(lambda: is_gone(grandchild))


def test_nothing_outlives_its_container_even_in_a_session_of_its_own(start):
    """Found by the mark in its environment."""
    running = start(GRANDCHILD, "0")
    grandchild = int(running.output.readline())

    assert running.wait() == 0
    assert eventually(lambda: is_gone(grandchild))


def test_kill_ends_the_whole_tree(start):
    """First process and descendants."""
    running = start(GRANDCHILD, "600")
    grandchild = int(running.output.readline())

    running.kill()

    assert running.wait() == 137
    assert eventually(lambda: is_gone(grandchild))


def test_usage_is_that_of_the_process(start):
    """CPU time that it burnt, memory that it holds."""
    running = start(
        "import time; x = bytearray(50_000_000); t = time.process_time()\n"
        "while time.process_time() < t + 0.2: pass\nprint('done', flush=True); time.sleep(600)"
    )
    running.output.readline()

    usage = running.usage()
    assert usage.cpu_seconds >= 0.2
    assert usage.memory_bytes >= 50_000_000


@pytest.mark.parametrize(
    ("command", "passed"),
    [(["/bin/sh", "-c", 'test "$GIVEN" = yes'], True), (["false"], False), (["no-such-program"], False)],
)
def test_a_probe_runs_in_the_container_s_environment(start, command, passed):
    """It passes where it ends with 0."""
    assert start("import time; time.sleep(600)").probe(command, 5.0) is passed


def test_a_probe_that_hangs_is_ended(start, monkeypatch):
    """After its time-out, and what real work needs at least."""
    monkeypatch.setattr("localprocs.ecs.process_runner.PROBE_REAL_SECONDS", 0.1)

    assert start("import time; time.sleep(600)").probe(["sleep", "600"], 0.1) is False


def test_a_probe_under_way_ends_with_its_container(start):
    """By the mark that it bears, which is known to the guardian, too, who outlives the emulator."""
    running, mine = start("import time; time.sleep(600)"), psutil.Process()
    threading.Thread(target=running.probe, args=(["sleep", "600"], 600.0), daemon=True).start()

    def probes():
        return [each for each in mine.children() if each.name() == "sleep"]

    assert eventually(probes)
    (probe,) = probes()
    running.kill()

    assert eventually(lambda: is_gone(probe.pid))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "no command specified"),
        (["no-such-program"], 'exec: "no-such-program": executable file not found in \\$PATH'),
    ],
)
def test_what_cannot_start_says_why(tmp_path, arguments, told):
    """As Docker words it."""
    with pytest.raises(StartFailure, match=told):
        ProcessRunner(Guardian()).start(Launch(arguments, {"PATH": os.environ["PATH"]}, str(tmp_path), "mark"))
