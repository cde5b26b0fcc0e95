"""The lines that Lambda itself writes to a function's log, and the errors that it answers with."""

import json
import math
import signal
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Failure:
    """Why Lambda, not the handler, ended an invocation or an init."""

    status: str
    error_type: str
    message: str

    def payload(self, request_id: str) -> bytes:
        """Return what the caller of Invoke reads."""
        text = f"RequestId: {request_id} Error: {self.message}"
        return json.dumps({"errorType": self.error_type, "errorMessage": text}).encode()


def timed_out(seconds: float) -> Failure:
    """The function did not answer in time."""
    return Failure("timeout", "Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")


def exited(status: int) -> Failure:
    """The process ended without an answer; a negative status is the signal that ended it."""
    if status == 0:
        reason = "Runtime exited without providing a reason"
    elif status > 0:
        reason = f"Runtime exited with error: exit status {status}"
    else:
        reason = f"Runtime exited with error: signal: {_SIGNAL_TEXTS.get(-status, signal.Signals(-status).name)}"
    return Failure("error", "Runtime.ExitError", reason)


def too_large(size: int, limit: int) -> Failure:
    """The answer is larger than Lambda carries."""
    message = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({limit} bytes)."
    return Failure("error", "Function.ResponseSizeTooLarge", message)


@dataclass(frozen=True)
class Report:
    """What an invocation took."""

    request_id: str
    duration_ms: float
    memory_mb: int
    used_mb: int
    init_ms: float | None = None
    failure: Failure | None = None

    @property
    def billed_ms(self) -> int:
        """Milliseconds begun; a cold start's init is billed too."""
        return math.ceil(self.duration_ms + (self.init_ms or 0))

    def line(self) -> str:
        """Write the REPORT line."""
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Billed Duration: {self.billed_ms} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {self.used_mb} MB",
        ]
        if self.init_ms is not None:
            fields.append(f"Init Duration: {self.init_ms:.2f} ms")
        return "\t".join(fields + _status(self.failure)) + "\t\n"


def init_start(runtime: str, region: str) -> str:
    """Write the line of a new environment; ``python3.13`` is the runtime ``python:3.13``."""
    version = f"python:{runtime.removeprefix('python')}.v1"
    return f"INIT_START Runtime Version: {version}\tRuntime Version ARN: arn:aws:lambda:{region}::runtime:{'0' * 64}\n"


def init_report(duration_ms: float, phase: str, failure: Failure) -> str:
    """Write the line of an init that failed, in phase ``init`` or, tried again for an invocation, ``invoke``."""
    return "\t".join([f"INIT_REPORT Init Duration: {duration_ms:.2f} ms", f"Phase: {phase}", *_status(failure)]) + "\n"


def start(request_id: str, version: str) -> str:
    """Write the START line."""
    return f"START RequestId: {request_id} Version: {version}\n"


def end(request_id: str) -> str:
    """Write the END line."""
    return f"END RequestId: {request_id}\n"


def failed(request_id: str, failure: Failure, now: float) -> str:
    """Write the line that says why Lambda ended the invocation."""
    if failure.status == "timeout":
        stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return f"{stamp} {request_id} {failure.message}\n\n"
    return f"RequestId: {request_id} Error: {failure.message}\n{failure.error_type}\n"


def _status(failure: Failure | None) -> list[str]:
    if failure is None:
        return []
    status = [f"Status: {failure.status}"]
    return status if failure.status == "timeout" else [*status, f"Error Type: {failure.error_type}"]


_SIGNAL_TEXTS = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
}
