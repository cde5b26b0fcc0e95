"""Changing time under programs that look at it, wait for it, and are signalled meanwhile."""

import signal
from collections.abc import Callable

import pytest
from localprocs.vclock import Clock
from localprocs.vclock.page import NANOS

from tests.patience import until
from tests.unit.vclock.conftest import python, waits, with_number

HOUR = 3600.0


def test_a_clock_starts_at_the_present_and_runs_at_its_speed(make_clock: Callable[[float], Clock]) -> None:
    """Virtual time is measured from one moment: what a program sees lies between two looks of the clock's owner."""
    clock = make_clock(60)
    code = (
        "import datetime, time; print(time.time()); print(datetime.datetime.now(datetime.UTC).timestamp(), flush=True)"
    )
    before = clock.now()
    with python(code, clock.env()) as program:
        seen = [before, float(program.line()), float(program.line()), clock.now()]
    assert seen == sorted(seen)


@pytest.mark.parametrize("module", ["gettimeofday", "time", "timespec_get"])
def test_every_way_to_ask_for_the_date_gives_the_virtual_one(make_clock: Callable[[float], Clock], module: str) -> None:
    """The C library's other functions agree with the clock, whatever their resolution."""
    clock = make_clock(1)
    clock.jump(100 * HOUR)
    code = f"""
import ctypes
libc, room = ctypes.CDLL(None), (ctypes.c_long * 2)()
libc.{module}(*([room, 1] if "{module}" == "timespec_get" else [room, None][:len("{module}") // 4]))
print(room[0], flush=True)
"""
    before = clock.now()
    with python(code, clock.env()) as program:
        assert int(before) <= int(program.line()) <= clock.now()


def test_time_never_goes_back_whatever_is_done_to_it(make_clock: Callable[[float], Clock]) -> None:
    """Under 500 changes of speed, pauses and jumps, no two successive readings are out of order."""
    clock = make_clock(60)
    code = """
import threading, time
print("ready", flush=True)
end, backwards = threading.Event(), []
def watch():
    last = time.monotonic()
    while not end.is_set():
        now = time.monotonic()
        if now < last: backwards.append(last - now)
        last = now
threads = [threading.Thread(target=watch) for _ in range(2)]
for thread in threads: thread.start()
input()
end.set()
for thread in threads: thread.join()
print(backwards, flush=True)
"""
    with python(code, clock.env()) as program:
        assert program.line() == "ready"
        for _ in range(100):
            clock.set_speed(1000)
            clock.pause()
            clock.set_speed(0.1)
            clock.resume()
            clock.jump(1)
        program.write("enough")
        assert program.line() == "[]"


def test_a_change_returns_when_every_waiter_has_looked(make_clock: Callable[[float], Clock]) -> None:
    """Nobody is left with the old time once the change is done, however many change after change."""
    clock = make_clock(1)
    with waits(12 * HOUR, clock.env()) as program:
        assert program.line() == "ready"
        for _ in range(50):
            assert clock._page.change(speed=1, paused=False, jump_nanos=60 * NANOS, patience_nanos=60 * NANOS) == 0
        clock.jump(12 * HOUR)
        assert program.results(again=lambda: clock.jump(12 * HOUR))


def test_a_signal_ends_a_wait_even_in_the_moment_of_a_change(make_clock: Callable[[float], Clock]) -> None:
    """What wakes waiters for the clock does not hide the program's own signals, sent in the same microseconds.

    One that comes in the instruction in which another's handler returns may be (1 in 1,400 when tried as here).
    """
    clock = make_clock(1)
    code = """
import ctypes, signal, time
libc = ctypes.CDLL(None, use_errno=True)
signal.signal(signal.SIGUSR1, lambda *_: None)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])  # let in by ppoll alone, so that none comes too early
hour, mask = (ctypes.c_long * 2)(3_000_000, 0), ctypes.create_string_buffer(128)
print("ready", flush=True)
while True:
    print(libc.ppoll(None, 0, hour, mask), ctypes.get_errno(), flush=True)
"""
    with python(code, clock.env()) as program:
        assert program.line() == "ready"
        hidden = 0
        for count in range(300):
            if count % 2:
                clock.set_speed(1 + count % 3)
            program.process.send_signal(signal.SIGUSR1)
            clock.set_speed(1)
            if program.is_silent_for(10):
                hidden += 1
                program.process.send_signal(signal.SIGUSR1)
            assert program.line() == "-1 4"
    assert hidden <= 5


def test_a_change_disturbs_no_call_that_waits_without_a_time_out(make_clock: Callable[[float], Clock]) -> None:
    """A program with a timer of its own, whose thread sits in an endless wait, notices nothing of a change."""
    clock = make_clock(1)
    code = """
import ctypes, signal, threading
libc = ctypes.CDLL(None, use_errno=True)
signal.signal(signal.SIGALRM, lambda *_: print("alarm", flush=True))
signal.setitimer(signal.ITIMER_REAL, 3600)
print("ready", flush=True)
print(libc.poll(None, 0, -1), ctypes.get_errno(), flush=True)
"""
    with python(code, clock.env()) as program:
        assert program.line() == "ready"
        until(program.is_asleep, what="the endless wait")
        for _ in range(20):
            clock.jump(60)
        assert program.is_silent_for(0.1)
        clock.jump(HOUR)
        assert sorted([program.line(), program.line()]) == ["-1 4", "alarm"]


def test_a_condition_is_not_missed_between_two_looks_at_the_clock(make_clock: Callable[[float], Clock]) -> None:
    """A C program that signals a condition just as the waiter looks at the clock is heard, without a time-out."""
    clock = make_clock(20)
    code = """
import ctypes, random, threading, time
libc = ctypes.CDLL(None)
mutex, condition, state = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64), [0]
far = (ctypes.c_long * 2)(int(time.time()) + 1_000_000, 0)
def take():
    for turn in range(1, 101):
        libc.pthread_mutex_lock(mutex)
        while state[0] != turn: libc.pthread_cond_timedwait(condition, mutex, far)
        state[0] = -turn
        libc.pthread_mutex_unlock(mutex)
        done.release()
done = threading.Semaphore(0)
threading.Thread(target=take).start()
for turn in range(1, 101):
    libc.usleep(random.randrange(19_900 * 20, 20_100 * 20))
    libc.pthread_mutex_lock(mutex)
    state[0] = turn
    libc.pthread_mutex_unlock(mutex)
    libc.pthread_cond_signal(condition)
    assert done.acquire(timeout=600)
print("heard", flush=True)
"""
    with python(code, clock.env()) as program:
        assert program.line() == "heard"


def test_a_stranger_with_a_dead_waiters_number_is_not_signalled(make_clock: Callable[[float], Clock]) -> None:
    """Killed in its wait, a program leaves its number in the page; whoever gets it next notices nothing of a change."""
    clock = make_clock(1)
    told = "import signal, time; signal.signal(signal.SIGURG, lambda *_: print('signalled', flush=True))\n"
    told += "print('ready', flush=True)\nwhile True: time.sleep(600)"
    with python("import time; print('ready', flush=True); time.sleep(3600)", clock.env()) as dead:
        assert dead.line() == "ready"
        until(lambda: [each.pid for each in clock.dues()] == [dead.process.pid], what="its wait")
        dead.process.kill()
        dead.process.wait(60)
    with with_number(dead.process.pid, lambda: python(told, {})) as stranger:
        assert stranger.line() == "ready"
        clock.jump(60)
        assert stranger.is_silent_for(0.5)
    assert clock.dues() == []
