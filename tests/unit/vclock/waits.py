"""A program that waits in every way at once: `waits.py SECONDS [KIND...]`.

Prints "ready" when all are about to wait, then a JSON line for each kind when its wait is over, then "done". A line tells
how long the wait was by the clock, and at least and at most by the wall: a thread may rest between two looks. Each wait
is for what is left since one moment. A change of the clock between a thread's last look at it and the call that waits
is not undone: that wait is for its whole span from then on, as it would be had the machine been asleep there.
"""

import asyncio
import contextlib
import ctypes
import errno
import json
import math
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

libc = ctypes.CDLL(None, use_errno=True)


class Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanos", ctypes.c_long))


def timespec(seconds: float) -> Timespec:
    return Timespec(int(seconds), int(seconds % 1 * 1e9))


def at(seconds: float, clock: int) -> Timespec:
    return timespec(time.clock_gettime(clock) + seconds)


def wait_for_condition(seconds: float) -> None:
    condition = threading.Condition()
    with condition:
        condition.wait(seconds)


def get_from_queue(seconds: float) -> None:
    with contextlib.suppress(queue.Empty):
        queue.Queue[None]().get(timeout=seconds)


def acquire_lock(seconds: float) -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=seconds)


def wait_with_epoll(seconds: float) -> None:
    with select.epoll() as epoll:
        epoll.poll(seconds)


def receive(seconds: float) -> None:
    left, right = socket.socketpair()
    with left, right:
        left.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            left.recv(1)


def wait_for_process(seconds: float) -> None:
    never_ends = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    with never_ends as process, contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def read_timerfd(seconds: float) -> None:
    timer = os.timerfd_create(time.CLOCK_MONOTONIC)
    os.timerfd_settime(timer, initial=seconds)
    os.read(timer, 8)
    os.close(timer)


def until(seconds: float, call: Callable[[], int], ended: int = errno.ETIMEDOUT) -> None:
    """Call until it says that time is over; a condition may also return for no reason."""
    deadline = time.monotonic() + seconds
    while call() != ended:
        assert time.monotonic() < deadline


def condition_of_c(seconds: float, clock: int | None) -> None:
    mutex, condition = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
    libc.pthread_mutex_lock(mutex)
    if clock is None:
        end = at(seconds, time.CLOCK_REALTIME)
        until(seconds, lambda: int(libc.pthread_cond_timedwait(condition, mutex, ctypes.byref(end))))
    else:
        end = at(seconds, clock)
        until(seconds, lambda: int(libc.pthread_cond_clockwait(condition, mutex, clock, ctypes.byref(end))))


def mutex_of_c(seconds: float) -> None:
    mutex = ctypes.create_string_buffer(64)
    libc.pthread_mutex_lock(mutex)
    end = at(seconds, time.CLOCK_REALTIME)
    assert libc.pthread_mutex_timedlock(mutex, ctypes.byref(end)) == errno.ETIMEDOUT


def rwlock_of_c(seconds: float) -> None:
    lock = ctypes.create_string_buffer(64)
    held = threading.Thread(target=libc.pthread_rwlock_wrlock, args=(lock,))
    held.start()
    held.join()
    end = at(seconds, time.CLOCK_MONOTONIC)
    assert libc.pthread_rwlock_clockrdlock(lock, time.CLOCK_MONOTONIC, ctypes.byref(end)) == errno.ETIMEDOUT


def semaphore_of_c(seconds: float) -> None:
    semaphore = ctypes.create_string_buffer(64)
    end = at(seconds, time.CLOCK_REALTIME)
    assert libc.sem_timedwait(semaphore, ctypes.byref(end)) == -1
    assert ctypes.get_errno() == errno.ETIMEDOUT


def futex(seconds: float) -> None:
    wait_bitset, futex_number = 9, {"x86_64": 202, "aarch64": 98}[os.uname().machine]
    word, end = ctypes.c_int(0), at(seconds, time.CLOCK_MONOTONIC)
    libc.syscall.restype = ctypes.c_long
    got = libc.syscall(
        *(ctypes.c_long(n) for n in (futex_number, ctypes.addressof(word), wait_bitset, 0, ctypes.addressof(end), 0)),
        ctypes.c_long(0xFFFFFFFF),
    )
    assert (got, ctypes.get_errno()) == (-1, errno.ETIMEDOUT)


def select_of_c(seconds: float) -> None:
    reader, _writer = os.pipe()
    watched = (ctypes.c_ulong * 16)()
    watched[reader // 64] = 1 << reader % 64
    left = Timespec(int(seconds), int(seconds % 1 * 1e6))  # a timeval: its second field counts microseconds
    assert libc.select(reader + 1, watched, None, None, ctypes.byref(left)) == 0
    assert (left.seconds, left.nanos, sum(watched)) == (0, 0, 0)


def tick(seconds: float) -> None:
    """One tick of the process's interval timer; only the main thread may."""
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.pause()


def alarm(seconds: float) -> None:
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.alarm(math.ceil(seconds))
    signal.pause()


IN_THREADS: dict[str, Callable[[float], object]] = {
    "sleep": time.sleep,
    "event": lambda seconds: threading.Event().wait(seconds),
    "condition": wait_for_condition,
    "queue": get_from_queue,
    "lock": acquire_lock,
    "select": lambda seconds: select.select([], [], [], seconds),
    "poll": lambda seconds: select.poll().poll(seconds * 1000),
    "epoll": wait_with_epoll,
    "asyncio": lambda seconds: asyncio.run(asyncio.sleep(seconds)),
    "socket": receive,
    "process": wait_for_process,
    "timerfd": read_timerfd,
    "sigtimedwait": lambda seconds: signal.sigtimedwait([signal.SIGUSR2], seconds),
    "nanosleep": lambda seconds: libc.nanosleep(ctypes.byref(timespec(seconds)), None),
    "sleep_of_c": lambda seconds: libc.sleep(math.ceil(seconds)),
    "ppoll": lambda seconds: libc.ppoll(None, 0, ctypes.byref(timespec(seconds)), None),
    "select_of_c": select_of_c,
    "pselect": lambda seconds: libc.pselect(0, None, None, None, ctypes.byref(timespec(seconds)), None),
    "condition_of_c": lambda seconds: condition_of_c(seconds, None),
    "condition_realtime": lambda seconds: condition_of_c(seconds, time.CLOCK_REALTIME),
    "condition_monotonic": lambda seconds: condition_of_c(seconds, time.CLOCK_MONOTONIC),
    "mutex": mutex_of_c,
    "rwlock": rwlock_of_c,
    "semaphore": semaphore_of_c,
    "futex": futex,
}
IN_MAIN: dict[str, Callable[[float], object]] = {"setitimer": tick, "alarm": alarm}


def real_now() -> float:
    return time.clock_gettime(time.CLOCK_TAI)


def main() -> None:
    seconds, kinds = float(sys.argv[1]), sys.argv[2:] or list(IN_THREADS)
    before, began, after = real_now(), time.monotonic(), real_now()
    telling, about_to_wait = threading.Lock(), threading.Semaphore(0)

    def tell(line: str) -> None:
        with telling:
            print(line, flush=True)

    def wait(kind: str) -> None:
        about_to_wait.release()
        (IN_THREADS | IN_MAIN)[kind](max(began + seconds - time.monotonic(), 0.001))
        least, elapsed, most = real_now() - after, time.monotonic() - began, real_now() - before
        tell(json.dumps({"kind": kind, "elapsed": elapsed, "real": most, "least_real": least}))

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    threads = [threading.Thread(target=wait, args=(kind,)) for kind in kinds if kind in IN_THREADS]
    with telling:  # a slow machine may need longer to start them all than the first of them waits
        for thread in threads:
            thread.start()
        for _ in threads:
            about_to_wait.acquire()
        print("ready", flush=True)
    for kind in kinds:
        if kind in IN_MAIN:
            wait(kind)
    for thread in threads:
        thread.join()
    tell("done")


if __name__ == "__main__":
    main()
