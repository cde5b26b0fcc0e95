"""That clocks, and emulators on them, leave nothing behind: no process, no port, no shared memory."""

import os
import socket
import sys
import tempfile
import time
from pathlib import Path

import psutil
from localprocs.host.child import Child, free_port
from localprocs.vclock import Clock

from benchmarks.virtual_clock.emulator import running
from emulator.harness.clients import Clients

SPEED = 20
JUMP_SECONDS = 12 * 3600
SERVE = "import http.server, sys; http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), None).serve_forever()"


def measure(runs: int, emulator_runs: int) -> dict[str, int]:
    """Start, jump and stop: a clock with a process that listens on it, and, fewer times, a whole emulator."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="huntaze-bench-") as folder:
        pages = Path(folder)
        ports = [_run_listener(pages) for _ in range(runs)] + [_run_emulator(pages) for _ in range(emulator_runs)]
        return {
            "runs": runs,
            "emulator_runs": emulator_runs,
            "processes": sum(_is_on_a_clock_of(pages, process) for process in psutil.process_iter()),
            "ports": sum(_is_open(port) for port in ports),
            "shared_memory": len(list(pages.iterdir())),
        }


def _run_listener(pages: Path) -> int:
    with Clock.create(SPEED, directory=pages) as clock, tempfile.TemporaryDirectory() as folder:
        port = free_port()
        env = os.environ | clock.env()
        child = Child("a listener", [sys.executable, "-S", "-c", SERVE, str(port)], env, Path(folder) / "log")
        try:
            while not _is_open(port):
                child.require_running()
                time.sleep(0.01)
            clock.jump(JUMP_SECONDS)
        finally:
            child.stop()
        return port


def _run_emulator(pages: Path) -> int:
    with Clock.create(SPEED, directory=pages) as clock, running(clock) as emulator:
        Clients(emulator.url).sqs.create_queue(QueueName="before-the-jump")
        clock.jump(JUMP_SECONDS)
        return int(emulator.url.rpartition(":")[2])


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_on_a_clock_of(pages: Path, process: psutil.Process) -> bool:
    try:
        return process.environ().get("VCLOCK_PAGE", "").startswith(f"{pages}/")
    except psutil.Error:
        return False
