"""Time that stands by work, and leaps over waiting."""

import errno
import gc
import itertools
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from localprocs.vclock import AUTO, Clock, NotWithin, Speed, StillWorking
from localprocs.vclock.observer import Observer, name_of

from tests.patience import until
from tests.unit.vclock.conftest import Program, python, waits
from tests.unit.vclock.waits import IN_THREADS

HOUR = 3600.0
REAL_SECONDS = 30
"""Far more than a leap takes, however busy the machine; far less than what is leaped over."""
SLEEP = "import time; print('ready', flush=True); time.sleep({}); print(time.monotonic(), flush=True)"

type MakeClock = Callable[[Speed], Clock]


def asleep(seconds: float, clock: Clock) -> Program:
    """A program that sleeps so long and then tells the time."""
    return python(SLEEP.format(seconds), clock.env())


@pytest.mark.parametrize(
    "kinds", [sorted(set(IN_THREADS) - {"process"}), ["alarm"], ["setitimer"]], ids=lambda it: it[0]
)
def test_every_kind_of_wait_is_leaped_over_and_ends_at_its_moment(make_clock: MakeClock, kinds: list[str]) -> None:
    """Sleeps, polls, locks, conditions, timers, of threads and asyncio: an hour of each, in real seconds.

    Python's wait for a process is none: it looks twenty times a second.
    """
    clock = make_clock(AUTO)
    begun = time.monotonic()
    with waits(HOUR, clock.env(), kinds) as program:
        assert program.line() == "ready"
        ended = {kind: each["elapsed"] for kind, each in program.results().items()}
    assert len(ended) == len(kinds)
    assert {kind: elapsed for kind, elapsed in ended.items() if not HOUR <= elapsed < HOUR + 10} == {}
    assert time.monotonic() - begun < REAL_SECONDS


def test_what_is_due_in_order_happens_in_order(make_clock: MakeClock) -> None:
    """Sleepers of four programs, a second apart from each other, wake in order and each on its second."""
    clock = make_clock(1)
    code = """
import threading, time
start, first = map(float, input().split())
def tell(place):
    time.sleep(max(start + place - time.monotonic(), 0))
    print(place, time.monotonic() - start, flush=True)
threads = [threading.Thread(target=tell, args=(int(first) + place,)) for place in range(0, 40, 4)]
for thread in threads: thread.start()
"""
    with ExitStack() as stack:
        programs = [stack.enter_context(python(code, clock.env())) for _ in range(4)]
        start = clock.monotonic() + HOUR
        for number, program in enumerate(programs):
            program.write(f"{start} {number}")
        clock.advance(HOUR + 60)
        seen = [tuple(map(float, program.line().split())) for program in programs for _ in range(10)]
    assert sorted(seen) == sorted(seen, key=lambda it: it[1])
    assert all(place <= at < place + 0.9 for place, at in seen), seen


def test_time_stands_by_whoever_computes(make_clock: MakeClock) -> None:
    """While one program is on a CPU, an hour's sleep of another takes an hour."""
    clock = make_clock(AUTO)
    work = "import time\nprint('ready', flush=True)\nwhile time.process_time() < 1: pass\nprint(time.monotonic(), flush=True)"
    with python(work, clock.env()) as worker, asleep(HOUR, clock) as sleeper:
        assert worker.line() == "ready"
        assert sleeper.line() == "ready"
        worked = float(worker.line())
        assert float(sleeper.line()) >= worked + HOUR - 60


def test_a_program_off_the_clock_is_waited_for(make_clock: MakeClock) -> None:
    """What computes counts, on the clock or not; what sleeps by the wall's clock is not waited for."""
    clock = make_clock(1)
    with python(
        "import time\nprint('ready', flush=True)\nwhile time.process_time() < 0.5: pass\ninput()", {}
    ) as worker:
        assert worker.line() == "ready"
        begun = time.process_time()
        clock.advance(HOUR)
        assert time.process_time() - begun < REAL_SECONDS


def test_what_another_clock_governs_holds_nobody_up(make_clock: MakeClock) -> None:
    """Two clocks of one process, as of two clouds: one leaps without end, and somebody works on it."""
    clock, other = make_clock(AUTO), make_clock(AUTO)
    tick = "import time\nprint('ready', flush=True)\nwhile True: time.sleep(60)"
    work = "print('ready', flush=True)\nwhile True: pass"
    with python(tick, other.env()) as ticking, asleep(HOUR, clock) as sleeper:
        assert ticking.line() == sleeper.line() == "ready"
        clock.settle(REAL_SECONDS)
        assert sleeper.line()
        with python(work, other.env()) as working:
            assert working.line() == "ready"
            begun = time.monotonic()
            clock.advance(HOUR, REAL_SECONDS)
            assert time.monotonic() - begun < REAL_SECONDS


def test_whoever_is_found_before_its_parent_is_watched_with_it(make_clock: MakeClock) -> None:
    """Kernels give numbers in a circle, and both may be new at one look."""
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={})
print(child.pid, flush=True)
child.wait()
"""
    observer = Observer(make_clock(AUTO)._page.path)
    with python(code, {}) as parent:
        child = int(parent.line())
        assert observer._classify(child)
        assert observer._classify(parent.process.pid)
        assert child in observer._watched
    observer.close()


def test_a_process_knows_its_own_beginning_as_others_do() -> None:
    """Its waits stand in the page by the kernel's word; QEMU's user emulation tells a process a later one of itself."""
    code = "import sys; print(open(f'/proc/{sys.argv[1]}/stat').read().rpartition(') ')[2].split()[19], flush=True)"
    with Program([sys.executable, "-c", code, str(os.getpid())], {}) as other:
        assert name_of(os.getpid(), int(other.line())) is not None


def test_however_many_processes_others_start_looks_stay_quick(
    make_clock: MakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of numbers a second whose bearers are gone: they are forgotten although work never rests.

    Nor do more than two looks a second go through all threads and processes for it.
    """
    observer = Observer(make_clock(AUTO)._page.path)
    given, kept, walks = itertools.count(10**8, 3), [], []
    monkeypatch.setattr(observer, "_last_number", lambda: next(given))
    monkeypatch.setattr(observer, "_find_missed", lambda: walks.append(1))
    for hundredths in range(1000):
        observer._find_new(hundredths / 100)
        kept.append(len(observer._missing))

    assert max(kept) < 500
    assert len(walks) <= 20
    observer.close()


def test_whoever_comes_when_its_number_is_forgotten_is_watched_all_the_same(make_clock: MakeClock) -> None:
    """A fork that took longer than anybody thought."""
    observer = Observer(make_clock(AUTO)._page.path)
    with python("import time; print('ready', flush=True); time.sleep(600)", {}) as program:
        assert program.line() == "ready"
        observer._last = observer._last_number()
        observer._missing = {10**8: 0.0}

        observer._find_new(10.0)

        assert program.process.pid in observer._watched
        assert observer._missing == {}
    observer.close()


def test_work_that_goes_from_hand_to_hand_is_not_leaped_over(make_clock: MakeClock) -> None:
    """Of two programs one computes while the other waits for it, in turns: time looks at either."""
    clock = make_clock(AUTO)
    code = """
import os, time
to_child, to_parent = os.pipe(), os.pipe()
is_child = os.fork() == 0
mine, other = (to_child[0], to_parent[1]) if is_child else (to_parent[0], to_child[1])
begun = time.monotonic()
for _ in range(30):
    if is_child: os.read(mine, 1)
    used = time.process_time()
    while time.process_time() < used + 0.01: pass
    os.write(other, b".")
    if not is_child: os.read(mine, 1)
if not is_child:
    print(time.monotonic() - begun, flush=True)
"""
    with asleep(HOUR, clock) as sleeper, python(code, clock.env()) as hands:
        assert sleeper.line() == "ready"
        assert float(hands.line()) < HOUR / 2


def test_settling_returns_when_all_that_is_due_is_done(make_clock: MakeClock) -> None:
    """A message through two programs, each of which takes its time, is through when the clock has settled."""
    clock = make_clock(1)
    code = "import time\nprint('ready', flush=True)\nfor line in open(0):\n  end = time.process_time() + 0.2\n  while time.process_time() < end: pass\n  print(line, end='', flush=True)"
    with python(code, clock.env()) as program:
        assert program.line() == "ready"
        program.write("through")
        clock.settle()
        assert not program.is_silent_for(0.5)


def test_who_is_still_at_work_is_named(make_clock: MakeClock) -> None:
    """A verb gives up after its real seconds, and says by which program and why."""
    clock = make_clock(1)
    with python("print('ready', flush=True)\nwhile True: pass", clock.env()) as program:
        assert program.line() == "ready"
        with pytest.raises(
            StillWorking, match=rf"within 0\.5 s; still working: .*\({program.process.pid}\): (on a CPU|runnable)"
        ):
            clock.advance(HOUR, patience_seconds=0.5)
        assert clock.state().paused is False


def test_a_waiter_that_is_killed_neither_blocks_nor_lingers(make_clock: MakeClock) -> None:
    """Killed in its wait, and its number free for another: time goes past its moment, and nobody is told of it."""
    clock = make_clock(1)
    with asleep(10, clock) as killed, asleep(HOUR, clock) as other:
        assert killed.line() == other.line() == "ready"
        clock.settle()
        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait(60)
        clock.advance(20)
        assert {each.pid for each in clock.dues()} == {other.process.pid}
        clock.advance(HOUR)
        assert not other.is_silent_for(REAL_SECONDS)


def test_a_stopped_process_is_not_at_work(make_clock: MakeClock) -> None:
    """One that hangs holds nobody up, and goes on when it is let."""
    clock = make_clock(1)
    with python("print('ready', flush=True)\nwhile True: pass", clock.env()) as hung:
        assert hung.line() == "ready"
        hung.process.send_signal(signal.SIGSTOP)
        clock.advance(HOUR)


@pytest.mark.parametrize("way", ["fork", "exec", "exec off the clock"])
def test_forked_and_replaced_programs_are_followed(make_clock: MakeClock, way: str) -> None:
    """A child waits for itself; a program that replaces another leaves no wait of the other's behind."""
    clock = make_clock(AUTO)
    sleeper = "import time; time.sleep(7200); print(time.monotonic(), flush=True)"
    code = f"""
import os, sys, threading, time, signal
threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
signal.setitimer(signal.ITIMER_REAL, 1800) if "{way}" == "exec" else None
signal.signal(signal.SIGALRM, signal.SIG_IGN)
time.sleep(1)
print(time.monotonic(), flush=True)
if "{way}" == "fork":
    if os.fork() == 0:
        time.sleep(7200)
        print(time.monotonic(), flush=True)
        os._exit(0)
    os.wait()
elif "{way}" == "exec":
    os.execv(sys.executable, [sys.executable, "-c", {sleeper!r}])
else:
    os.execve(sys.executable, [sys.executable, "-c", "print('0', flush=True)"], {{}})
"""
    with python(code, clock.env()) as program:
        began = float(program.line())
        ended = float(program.line())
        assert ended == 0 or 7200 <= ended - began < 7260
        clock.advance(HOUR)


@pytest.mark.skipif(not shutil.which("node"), reason="no Node here")
def test_node_is_leaped_over_too(make_clock: MakeClock) -> None:
    """A chain of timers, of an hour together."""
    clock = make_clock(AUTO)
    code = "const s = Date.now(); let n = 0; (function f() { if (n++ < 60) setTimeout(f, 60000); else console.log(Date.now() - s) })()"
    with Program(["node", "-e", code], clock.env()) as program:
        assert HOUR * 1000 <= int(program.line()) < HOUR * 1000 + 60_000


def test_a_condition_is_awaited_in_virtual_time(make_clock: MakeClock) -> None:
    """It is asked at rest, and what it found is returned; past its time, the message says what did not come about."""
    clock = make_clock(10)
    with asleep(300, clock) as program:
        assert program.line() == "ready"
        assert clock.until(lambda: not program.is_silent_for(0.01), within=400)
        begun = clock.monotonic()
        with pytest.raises(NotWithin, match="the moon did not come about within 1000 virtual seconds"):
            clock.until(lambda: False, within=1000, what="the moon")
        assert 1000 <= clock.monotonic() - begun < 1100


def test_a_condition_is_awaited_where_work_never_rests(make_clock: MakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes beside it, so that it is asked, however busy the machine is; where time stands, who works is told."""
    clock = make_clock(1)

    def restless(seconds: float = 1) -> None:
        if is_passing:
            clock.jump(seconds)
        raise StillWorking(240, ["a scraper (7): on a CPU"])

    monkeypatch.setattr(clock, "advance", restless)
    monkeypatch.setattr(clock, "settle", restless)
    is_passing, begun = True, clock.monotonic()
    assert clock.until(lambda: clock.monotonic() - begun > 100, within=400)
    with pytest.raises(NotWithin):
        clock.until(lambda: False, within=100)
    is_passing = False
    with pytest.raises(StillWorking, match="a scraper"):
        clock.until(lambda: False, within=100)


def test_an_advance_lands_exactly_where_nobody_works(make_clock: MakeClock) -> None:
    """On a paused clock an hour is an hour, and whoever is due within has been woken."""
    clock = make_clock(1)
    with asleep(60, clock) as program:
        assert program.line() == "ready"
        clock.settle()
        clock.pause()
        begun = clock.now()
        clock.advance(HOUR)
        assert clock.now() == pytest.approx(begun + HOUR, abs=1e-3)
        assert not program.is_silent_for(REAL_SECONDS)
        assert clock.state().paused


def test_who_waits_for_what_is_told(make_clock: MakeClock) -> None:
    """The next one by name, process and moment."""
    clock = make_clock(1)
    assert clock.next_due() is None
    with asleep(HOUR, clock) as program:
        assert program.line() == "ready"
        due = until(clock.next_due, what="a waiter")
        assert due is not None
        assert due.pid == program.process.pid
        assert "python" in due.name
        assert HOUR - 60 < due.seconds <= HOUR
        assert due.at == pytest.approx(clock.now() + due.seconds, abs=5)


def test_a_held_clock_stands(make_clock: MakeClock) -> None:
    """While a person looks at what is, nothing comes to its moment; then time leaps on. A verb says why it cannot."""
    clock = make_clock(AUTO)
    with asleep(HOUR, clock) as program:
        assert program.line() == "ready"
        with clock.hold("a breakpoint"):
            begun = clock.monotonic()
            assert program.is_silent_for(0.5)
            assert clock.monotonic() == begun
            with pytest.raises(StillWorking, match="a breakpoint"):
                clock.advance(1, patience_seconds=0.2)
        program.line()


def test_time_stands_while_a_debugger_has_stopped_somebody(make_clock: MakeClock) -> None:
    """A tracer's stop is seen by the kernel's state of the thread; when it is let go, time goes on."""
    clock = make_clock(AUTO)
    debugger = """
import ctypes, os, sys
libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
def ptrace(request, data=0):
    if libc.ptrace(request, pid, None, ctypes.c_void_p(data)) != 0:
        sys.exit(print(os.strerror(ctypes.get_errno()), flush=True))
ptrace(0x4206)  # SEIZE
ptrace(0x4207)  # INTERRUPT
os.waitpid(pid, 0x40000000)
print("stopped", flush=True)
input()
ptrace(17)  # DETACH
"""
    with asleep(HOUR, clock) as sleeper, python("input()", clock.env()) as debugged:
        assert sleeper.line() == "ready"
        with Program([sys.executable, "-c", debugger, str(debugged.process.pid)], {}) as tracer:
            if (told := tracer.line()) == os.strerror(errno.ENOSYS):
                pytest.skip("no debugger works here: QEMU's user emulation has no ptrace(2)")
            assert told == "stopped"
            until(lambda: clock.state().paused, what="the stop")
            begun = clock.monotonic()
            assert sleeper.is_silent_for(0.3) or clock.monotonic() - begun < 1
            assert clock.monotonic() == begun
            tracer.write("go on")
            until(lambda: not clock.state().paused, what="the end of the stop")


def test_the_speed_can_be_given_back_to_the_clock_and_taken(make_clock: MakeClock) -> None:
    """From a number to auto and back: the state says which, and a sleeper is woken either way."""
    clock = make_clock(5)
    clock.set_speed(AUTO)
    assert clock.state().speed == AUTO
    with asleep(HOUR, clock) as program:
        assert program.line() == "ready"
        program.line()
    clock.set_speed(1000)
    assert clock.state().speed == 1000
    with asleep(600, clock) as program:
        assert program.line() == "ready"
        program.line()


def test_no_file_and_no_thread_is_left(make_clock: MakeClock) -> None:
    """Clocks that watched, leaped and were closed leave this process as it was."""

    def lead() -> None:
        clock = make_clock(AUTO)
        with asleep(HOUR, clock) as program:
            program.line()
            program.line()
        clock.close()

    lead()  # whoever starts processes keeps hold of the last one until the next
    before = held()
    for _ in range(5):
        lead()
    assert held() == before


def held() -> tuple[int, int]:
    """How many files this process has open, and how many threads it has; not those of what others have done with."""
    gc.collect()
    return sum(1 for _ in Path("/proc/self/fd").iterdir()), threading.active_count()
