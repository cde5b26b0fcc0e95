"""A runtime process: started, waited for, given an invocation, killed when it takes too long."""

import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

from localprocs import processes, real_time
from localprocs.lambda_runtime import platform_lines
from localprocs.lambda_runtime.platform_lines import Failure
from localprocs.lambda_runtime.process_output import Emit, ProcessOutput
from localprocs.lambda_runtime.runtime_api import (
    MAX_RESPONSE_BYTES,
    Answer,
    Exited,
    InitError,
    Invocation,
    Ready,
    RuntimeApi,
    RuntimeEvent,
    TooLarge,
)

LEAST_REAL_SECONDS = 3.0
LOOK_SECONDS = 0.02
"""Virtual seconds between two looks at a function whose time is over on the clock, but not yet in real time."""


@dataclass(frozen=True)
class Launch:
    """How to start the process."""

    command: list[str]
    environment: Mapping[str, str]
    directory: Path


@dataclass(frozen=True)
class Problem:
    """Why there is no answer, and what the runtime itself said of it."""

    failure: Failure
    payload: bytes | None = None

    def answer(self, request_id: str) -> bytes:
        """Return what the caller of Invoke reads."""
        return self.payload or self.failure.payload(request_id)


class RuntimeProcess:
    """awslambdaric with a function loaded."""

    def __init__(self, launch: Launch, emit: Emit) -> None:
        """Start the process; its init goes on by itself."""
        self._began = time.monotonic()
        self._began_real = real_time.elapsed()
        self._api = RuntimeApi()
        self._output = ProcessOutput(emit)
        self._peak_mb = 0
        self.init_ms = 0.0
        pipes = (self._output.lines_fd, self._output.frames_fd)
        self._process = processes.start(
            launch.command,
            cwd=launch.directory,
            env={
                **launch.environment,
                "AWS_LAMBDA_RUNTIME_API": self._api.address,
                "_LAMBDA_TELEMETRY_LOG_FD": str(pipes[1]),
            },
            stdin=subprocess.DEVNULL,
            stdout=pipes[0],
            stderr=pipes[0],
            pass_fds=pipes[1:],
        )
        self._output.started()
        threading.Thread(target=self._watch, name="lambda-process", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether it can be given an invocation."""
        return self._process.poll() is None

    @property
    def peak_mb(self) -> int:
        """The most memory that it had resident."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return self._peak_mb
        kilobytes = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)
        self._peak_mb = max(self._peak_mb, -(-kilobytes // 1024))
        return self._peak_mb

    def await_ready(self, limit_seconds: float) -> Problem | None:
        """Wait until the function is loaded.

        The limit counts real seconds from the start of the process: loading code is work.
        """
        while True:
            try:
                event: RuntimeEvent | None = self._api.events.get(timeout=1)
            except Empty:
                if real_time.elapsed() - self._began_real < limit_seconds:
                    continue
                event = None
            self.init_ms = (time.monotonic() - self._began) * 1000
            if event is None:
                return Problem(platform_lines.timed_out(limit_seconds))
            if isinstance(event, Ready):
                self.init_ms = (event.at - self._began) * 1000
                return None
            if problem := _init_problem(event):
                return problem

    def carry_out(self, invocation: Invocation, seconds: float) -> Answer | Problem:
        """Give it an invocation and wait for the answer, at most so long.

        The time-out runs on the virtual clock, but gives the function a little real time first: what it computes and
        asks of others takes that, and a jump of the clock must not end what has hardly begun.
        """
        deadline = time.monotonic() + seconds
        least = real_time.elapsed() + min(seconds, LEAST_REAL_SECONDS)
        self._api.give(invocation, time.time() + seconds)
        while True:
            try:
                event = self._api.events.get(timeout=max(LOOK_SECONDS, deadline - time.monotonic()))
            except Empty:
                if real_time.elapsed() < least:
                    continue
                return Problem(platform_lines.timed_out(invocation.timeout_seconds))
            match event:
                case Answer():
                    return event
                case Exited(status):
                    return Problem(platform_lines.exited(status))
                case TooLarge(size=size):
                    return Problem(platform_lines.too_large(size, MAX_RESPONSE_BYTES))

    def drain(self) -> None:
        """Emit what it wrote until now."""
        self._output.drain(all_of_it=True)

    def kill(self) -> None:
        """End it and all that it started."""
        processes.signal_tree(self._process, signal.SIGKILL)

    def _watch(self) -> None:
        status = self._process.wait()
        processes.signal_tree(self._process, signal.SIGKILL)
        self._api.events.put(Exited(status))
        self._api.close()


def _init_problem(event: RuntimeEvent) -> Problem | None:
    match event:
        case InitError(payload, error_type):
            return Problem(Failure("error", error_type, "init failed"), payload)
        case Exited(status):
            return Problem(platform_lines.exited(status))
    return None
