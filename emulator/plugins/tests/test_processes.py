"""Signals reach whom they are meant for."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from localprocs import processes
from localprocs.ecs import watchman

LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def strangers():
    """Processes that are nobody's business; they lead groups of their own."""
    started = []
    yield started
    for each in started:
        each.kill()
        each.wait()


def with_number(number, strangers, environment=None):
    """Start a stranger that has the number; the kernel can be asked for it by who may."""
    for _ in range(50):
        try:
            LAST_PID.write_text(str(number - 1))
        except OSError:
            pytest.skip("only an administrator of the machine may choose the next process's number")
        stranger = subprocess.Popen(SLEEP, start_new_session=True, env=environment)
        strangers.append(stranger)
        if stranger.pid == number:
            return stranger
    pytest.skip("others start processes too fast")


def lives(process):
    """Whether it still runs a moment later."""
    time.sleep(0.05)
    return process.poll() is None


def test_a_stranger_with_a_dead_childs_number_is_not_hit(strangers):
    """Neither it nor its group: the child had been waited for, and its number was free."""
    child = processes.start([sys.executable, "-c", ""])
    child.wait()
    stranger = with_number(child.pid, strangers)

    processes.signal_tree(child, signal.SIGKILL)

    assert lives(stranger)


def test_what_a_dead_child_has_left_is_hit():
    """Those of its group that outlive it."""
    code = "import subprocess; print(subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL).pid, flush=True)"
    child = processes.start([sys.executable, "-c", code], stdout=subprocess.PIPE)
    with child.stdout:
        left = psutil.Process(int(child.stdout.readline()))
    child.wait()

    processes.signal_tree(child, signal.SIGKILL)

    psutil.wait_procs([left], timeout=30)
    assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE


def test_the_watchman_looks_again_before_it_kills(strangers, monkeypatch):
    """One who got the number of a bearer of the mark, after that was found, bears none."""
    bearer = subprocess.Popen(SLEEP, env={"MARK": "m-1"})
    stranger = []
    find = watchman.bearers

    def find_and_be_late(marks):
        found = list(find(marks))
        if found and not stranger:
            bearer.kill()
            bearer.wait()
            stranger.append(with_number(bearer.pid, strangers, {"PATH": os.environ["PATH"]}))
        return found

    monkeypatch.setattr(watchman, "bearers", find_and_be_late)
    watchman.end([b"MARK=m-1"])

    assert lives(stranger[0])


def test_only_the_one_that_is_meant_is_signalled(strangers):
    """It is asked whether it is; who has ended is nobody."""
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    strangers.append(stranger)

    assert not processes.signal_if(lambda: False, stranger.pid, signal.SIGKILL)
    assert lives(stranger)
    assert processes.signal_if(lambda: True, stranger.pid, signal.SIGKILL)
    stranger.wait()
    assert not processes.signal_if(lambda: True, stranger.pid, signal.SIGKILL)
