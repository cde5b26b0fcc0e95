"""Clocks, and programs that run on them."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from localprocs import processes
from localprocs.vclock import Clock, ClockUnavailable, Speed, library

PATIENCE_SECONDS = 60
WAITS = Path(__file__).parent / "waits.py"
LAST_NUMBER = Path("/proc/sys/kernel/ns_last_pid")


@pytest.fixture(scope="session", autouse=True)
def preload() -> Path:
    """The compiled library; without a compiler these tests skip at home, and fail in CI."""
    try:
        return library()
    except ClockUnavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture
def make_clock(tmp_path: Path) -> Iterator[Callable[[Speed], Clock]]:
    """Make clocks whose pages lie in a folder of the test's own."""
    clocks: list[Clock] = []

    def make(speed: Speed = 1.0) -> Clock:
        clocks.append(Clock.create(speed, directory=tmp_path))
        return clocks[-1]

    yield make
    for clock in clocks:
        clock.close()


@dataclass
class Program:
    """A child process whose lines are read with patience, but not for ever."""

    arguments: Sequence[str]
    env: dict[str, str]
    lines: "queue.Queue[str]" = field(default_factory=queue.Queue)
    ahead: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.process = processes.start(
            list(self.arguments),
            env=os.environ | self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        processes.signal_tree(self.process, signal.SIGKILL)  # and what it has started, which holds its output, too
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            pipe.close()

    def line(self) -> str:
        """The next line; fails when none comes."""
        line = self.ahead.pop() if self.ahead else self.lines.get(timeout=PATIENCE_SECONDS)
        assert line, f"{self.arguments} ended with {self.process.wait(PATIENCE_SECONDS)}"
        return line.rstrip("\n")

    def write(self, text: str) -> None:
        """Give the program a line."""
        assert self.process.stdin
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def is_asleep(self) -> bool:
        """Whether its first thread waits for something."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].startswith("S")

    def is_silent_for(self, seconds: float) -> bool:
        """Whether no line comes within so many real seconds."""
        if not self.ahead:
            with contextlib.suppress(queue.Empty):
                self.ahead.append(self.lines.get(timeout=seconds))
        return not self.ahead

    def results(self, again: Callable[[], None] = lambda: None) -> dict[str, dict[str, float]]:
        """What the program of waits.py tells until it is done.

        `again` jumps once more, for threads that were just about to wait when the clock jumped, when none ends any more.
        """
        found: dict[str, dict[str, float]] = {}
        while True:
            if self.is_silent_for(3):
                again()
            if (line := self.line()) == "done":
                return found
            result = json.loads(line)
            found[result["kind"]] = result

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")


def python(code: str, env: dict[str, str]) -> Program:
    """A Python program on a clock."""
    return Program([sys.executable, "-c", code], env)


def waits(seconds: float, env: dict[str, str], kinds: Sequence[str] = ()) -> Program:
    """The program that waits in every way, or in those named."""
    return Program([sys.executable, str(WAITS), str(seconds), *kinds], env)


@contextlib.contextmanager
def with_number(number: int, begin: Callable[[], Program]) -> Iterator[Program]:
    """A program that has this process number; the kernel gives it to whoever may ask for it."""
    for _ in range(50):
        try:
            LAST_NUMBER.write_text(str(number - 1))
        except OSError:
            pytest.skip("only an administrator of the machine may choose the next process's number")
        with begin() as program:
            if program.process.pid == number:
                yield program
                return
    pytest.skip("others start processes too fast")
