"""One execution environment: its process, and what becomes of it when that fails."""

import threading
import time
from dataclasses import dataclass

from localprocs import real_time
from localprocs.lambda_runtime import platform_lines
from localprocs.lambda_runtime.platform_lines import Report
from localprocs.lambda_runtime.process_output import Emit
from localprocs.lambda_runtime.runtime_api import Answer, Invocation
from localprocs.lambda_runtime.runtime_process import Launch, Problem, RuntimeProcess

INIT_SECONDS = 10.0
"""AWS's limit for an init before the first invocation."""


@dataclass(frozen=True)
class FunctionTraits:
    """What the log of a function tells of it."""

    version: str
    runtime: str
    region: str
    memory_mb: int


@dataclass(frozen=True)
class Outcome:
    """An invocation's end."""

    payload: bytes
    is_error: bool
    log: str
    duration_ms: float


class Sandbox:
    """Runs one invocation at a time; after a crash or a time-out the next one finds a new process."""

    def __init__(self, traits: FunctionTraits, launch: Launch, emit: Emit) -> None:
        """Prepare; nothing is started."""
        self._traits = traits
        self._launch = launch
        self._emit = emit
        self._lock = threading.Lock()
        self._process: RuntimeProcess | None = None
        self._is_cold = True
        self._is_stopped = False
        self._log: list[str] = []

    def start(self) -> None:
        """Begin the init and return at once."""
        self._write(platform_lines.init_start(self._traits.runtime, self._traits.region))
        self._process = RuntimeProcess(self._launch, self._record)

    def stop(self, *, at_once: bool = False) -> None:
        """Take no more invocations; one that is under way ends first, as on AWS, unless it must be at once."""
        self._is_stopped = True
        if at_once or self._lock.acquire(blocking=False):
            self._kill()
            if not at_once:
                self._lock.release()

    def invoke(self, invocation: Invocation) -> Outcome:
        """Carry out an invocation, whatever the function does."""
        with self._lock:
            if self._is_stopped:
                raise RuntimeError("the execution environment was stopped")
            init_ms = self._await_first_init() if self._is_cold else None
            began = time.monotonic()
            began_real = real_time.elapsed()
            problem = self._begin_again(invocation.timeout_seconds)
            self._write(platform_lines.start(invocation.request_id, self._traits.version))
            left = invocation.timeout_seconds - (real_time.elapsed() - began_real)
            result = problem or self._running().carry_out(invocation, left)
            duration_ms = (time.monotonic() - began) * 1000
            outcome = self._finish(invocation, result, duration_ms, init_ms)
            if self._is_stopped:
                self._kill()
            return outcome

    def _await_first_init(self) -> float | None:
        """Return what the init took; when it failed it is tried again within the invocation, as AWS does."""
        self._is_cold = False
        process = self._running()
        problem = process.await_ready(INIT_SECONDS)
        if problem is None:
            return process.init_ms
        self._give_up(process)
        self._write(platform_lines.init_report(process.init_ms, "init", problem.failure))
        return None

    def _begin_again(self, seconds: float) -> Problem | None:
        if self._process and self._process.is_alive:
            return None
        self._process = process = RuntimeProcess(self._launch, self._record)
        problem = process.await_ready(seconds)
        if problem:
            process.drain()
            self._write(platform_lines.init_report(process.init_ms, "invoke", problem.failure))
        return problem

    def _finish(
        self, invocation: Invocation, result: Answer | Problem, duration_ms: float, init_ms: float | None
    ) -> Outcome:
        process = self._running()
        process.drain()
        used_mb = process.peak_mb
        failure = None
        if isinstance(result, Problem):
            self._give_up(process)
            failure = result.failure
            if result.payload is None:
                self._write(platform_lines.failed(invocation.request_id, failure, time.time()))
        report = Report(invocation.request_id, duration_ms, self._traits.memory_mb, used_mb, init_ms, failure)
        self._write(platform_lines.end(invocation.request_id))
        self._write(report.line())
        log, self._log = "".join(self._log), []
        if isinstance(result, Problem):
            return Outcome(result.answer(invocation.request_id), is_error=True, log=log, duration_ms=duration_ms)
        return Outcome(result.payload, result.is_error, log, duration_ms)

    def _running(self) -> RuntimeProcess:
        if self._process is None:
            raise RuntimeError("the execution environment has no process")
        return self._process

    def _kill(self) -> None:
        if self._process:
            self._process.kill()

    def _give_up(self, process: RuntimeProcess) -> None:
        process.kill()
        process.drain()
        self._process = None

    def _write(self, line: str) -> None:
        self._record(int(time.time() * 1000), line)

    def _record(self, at: int, text: str) -> None:
        self._log.append(text if text.endswith("\n") else text + "\n")
        self._emit(at, text)
