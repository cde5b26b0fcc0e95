"""Processes that share the clock, inherit it, do without it, or outlive it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from localprocs.vclock import Clock, ClockRefused, open_clock
from localprocs.vclock.clock import LATEST_SECONDS

from tests.unit.vclock.conftest import python, waits

ASK = "import sys, time\nfor _ in sys.stdin: print(time.time(), flush=True)"


def test_all_processes_agree_on_the_time(make_clock: Callable[[float], Clock]) -> None:
    """Asked in turn, three processes and the owner never contradict each other, at any speed and after any jump."""
    clock = make_clock(60)
    with ExitStack() as stack:
        programs = [stack.enter_context(python(ASK, clock.env())) for _ in range(3)]
        seen = [clock.now()]
        for turn in range(20):
            for program in programs:
                program.write("?")
                seen.append(float(program.line()))
            seen.append(clock.now())
            clock.jump(turn)
            clock.set_speed(1 + turn)
    assert seen == sorted(seen)


def test_a_process_knows_how_much_rest_was_leapt_over(make_clock: Callable[[float], Clock]) -> None:
    """At sixty times the wall's pace an hour without work is a minute; an hour that was jumped over is no rest."""
    clock = make_clock(60)
    code = """
import sys
from localprocs.real_time import elapsed, elapsed_with_rest
for _ in sys.stdin: print(elapsed_with_rest() - elapsed(), flush=True)
"""
    with python(code, clock.env()) as program, python(code, {}) as without_clock:

        def rest() -> list[float]:
            for it in (program, without_clock):
                it.write("?")
            return [round(float(it.line())) for it in (program, without_clock)]

        assert rest() == [0, 0]
        clock.jump(3600)
        assert rest() == [0, 0]
        clock.advance(3600)
        assert rest() == [60, 0]


def test_files_bear_the_machines_time(make_clock: Callable[[float], Clock], tmp_path: Path) -> None:
    """A difference from a machine whose clock is right: a fresh file looks as old as the clock is ahead."""
    clock = make_clock(1)
    clock.jump(86_400)
    code = """
import os, sys, time
file = sys.stdin.readline().strip()
open(file, "w").close()
print(time.time() - os.stat(file).st_mtime, flush=True)
"""
    with python(code, clock.env()) as program:
        program.write(str(tmp_path / "fresh"))
        assert float(program.line()) == pytest.approx(86_400, abs=60)


def test_a_process_may_be_wrong_about_the_date(make_clock: Callable[[float], Clock]) -> None:
    """By so many seconds as its environment says; it waits for moments of its own date, and its spans stay right."""
    clock = make_clock(1)
    code = """
import threading, time
print(time.time(), time.monotonic(), flush=True)
deadline = time.clock_gettime(time.CLOCK_REALTIME) + 0.1
lock = threading.Lock(); lock.acquire()
print(lock.acquire(timeout=0.1), time.clock_gettime(time.CLOCK_REALTIME) - deadline, flush=True)
"""
    with python(code, clock.env() | {"VCLOCK_SKEW_SECONDS": "-3600.5"}) as program:
        date, monotonic = map(float, program.line().split())
        assert abs(clock.now() - 3600.5 - date) < 60
        assert abs(clock.monotonic() - monotonic) < 60
        acquired, late = program.line().split()
    assert acquired == "False"
    assert 0 <= float(late) < 60


def test_what_a_process_starts_is_on_the_clock_too(make_clock: Callable[[float], Clock]) -> None:
    """A shell, and what the shell starts, inherit the clock by their environment."""
    clock = make_clock(1)
    clock.jump(1_000_000)
    shown = subprocess.run(
        ["sh", "-c", "date +%s"], env=os.environ | clock.env(), capture_output=True, check=True, timeout=60
    )
    assert clock.now() - 60 < int(shown.stdout) <= clock.now()
    assert not shown.stderr


def test_a_forked_child_waits_for_itself(make_clock: Callable[[float], Clock]) -> None:
    """Parent and child wait side by side after a fork, and one jump wakes both."""
    clock = make_clock(1)
    code = """
import os, sys, time
time.sleep(0.001)
deadline = time.monotonic() + 43200
child = os.fork()
os.write(1, b"ready\\n")
time.sleep(max(deadline - time.monotonic(), 0))
if child == 0: os._exit(0)
os.wait()
print("both", flush=True)
"""
    with python(code, clock.env()) as program:
        assert [program.line(), program.line()] == ["ready", "ready"]
        clock.jump(43200)
        for _ in range(3):
            if program.is_silent_for(3):  # one had been just about to wait
                clock.jump(43200)
        assert program.line() == "both"


def test_a_process_without_the_clock_stays_on_the_walls(make_clock: Callable[[float], Clock]) -> None:
    """A process that was not started with the clock runs beside it untouched."""
    clock = make_clock(1)
    clock.jump(1_000_000)
    with python(ASK, {}) as program:
        program.write("?")
        assert abs(float(program.line()) - time.time()) < 600


@pytest.mark.parametrize("page", ["", "/nowhere/page", "/dev/null", str(Path(__file__))])
def test_a_page_that_is_gone_or_wrong_means_real_time(make_clock: Callable[[float], Clock], page: str) -> None:
    """A process whose page cannot be had starts, runs and ends as if nothing were preloaded, without a word."""
    clock = make_clock(1000)
    done = subprocess.run(
        [sys.executable, "-c", "import time; time.sleep(0.01); print(time.time())"],
        env=os.environ | clock.env() | {"VCLOCK_PAGE": page},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert abs(float(done.stdout) - time.time()) < 600
    assert not done.stderr


def test_a_process_outlives_its_clock(make_clock: Callable[[float], Clock]) -> None:
    """When a paused clock is closed, whoever is still on it goes on from where it stood, so that it can end."""
    clock = make_clock(1)
    clock.jump(1_000_000)
    clock.pause()
    with waits(0.2, clock.env()) as program:
        assert program.line() == "ready"
        assert program.is_silent_for(0.3)
        clock.close()
        assert program.results()
        assert program.process.wait(60) == 0


def test_a_waiter_that_was_killed_holds_nobody_up(make_clock: Callable[[float], Clock]) -> None:
    """Slots of processes that died in their waits are free for others: a full table is no end."""
    clock = make_clock(1)
    for _ in range(3):
        with waits(3600, clock.env()) as program:
            assert program.line() == "ready"
            program.process.send_signal(signal.SIGKILL)
            program.process.wait(60)
        clock.jump(1)
    assert clock._page.change(speed=1, paused=False) == 0


@pytest.mark.parametrize("command", [["true"], ["git", "--version"], ["sh", "-c", "sleep 0.01; echo hello"]])
def test_ordinary_programs_run_as_ever(make_clock: Callable[[float], Clock], command: list[str]) -> None:
    """Programs on the clock say what they say without it, and nothing more."""
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]} here")
    clock = make_clock(10)
    plain, timed = (
        subprocess.run(command, env=os.environ | env, capture_output=True, check=True, timeout=60)
        for env in ({}, clock.env())
    )
    assert (timed.stdout, timed.stderr) == (plain.stdout, plain.stderr)


def test_nothing_is_preloaded_when_no_clock_is_asked_for() -> None:
    """Without a speed the wall's clock stands in: no variable is set, and no process has the library in it."""
    said: list[str] = []
    clock = open_clock(None, said.append)
    assert clock.env() == {}
    assert said == []
    assert abs(clock.now() - time.time()) < 60
    code = "print('vclock-' in open('/proc/self/maps').read(), flush=True)"
    with python(code, clock.env()) as program:
        assert program.line() == "False"


def test_the_clock_joins_what_is_preloaded_already(make_clock: Callable[[float], Clock]) -> None:
    """Other preloaded libraries stay, after ours, and ours is named once."""
    clock = make_clock(1)
    (ours,) = clock.env({})["LD_PRELOAD"].split(":")
    assert clock.env({"LD_PRELOAD": "/lib/a.so /lib/b.so"})["LD_PRELOAD"] == f"{ours}:/lib/a.so:/lib/b.so"
    assert clock.env({"LD_PRELOAD": ours})["LD_PRELOAD"] == ours


def test_a_clock_that_begins_at_a_date_has_it_in_every_process(tmp_path: Path) -> None:
    """An incident of long ago is replayed on its own day; how fast time goes has nothing to do with it."""
    begins = datetime(2019, 3, 31, 0, 59, tzinfo=UTC).timestamp()
    with Clock.create(60, directory=tmp_path, begins=begins) as clock, python(ASK, clock.env()) as program:
        program.write("?")
        there = float(program.line())
        assert begins <= there <= clock.now()
        clock.jump(3600)
        program.write("?")
        assert float(program.line()) >= there + 3600


@pytest.mark.parametrize("begins", [-1.0, 0.0, LATEST_SECONDS])
def test_a_clock_that_would_begin_outside_of_its_years_is_refused(begins: float) -> None:
    """A date that cannot be kept is refused before anything is made."""
    with pytest.raises(ClockRefused, match="between the years 2000 and 2200"):
        Clock.create(1, begins=begins)


def test_files_have_the_machines_times(make_clock: Callable[[float], Clock], tmp_path: Path) -> None:
    """A file just written looks as old as the clock is ahead: the kernel stamps it, and has no other clock."""
    clock = make_clock(1)
    clock.jump(3600)
    code = (
        "import pathlib, time\n"
        f"file = pathlib.Path({str(tmp_path / 'fresh')!r})\n"
        "file.touch()\n"
        "print(time.time() - file.stat().st_mtime, flush=True)"
    )
    with python(code, clock.env()) as program:
        assert 3590 < float(program.line()) < 3700
