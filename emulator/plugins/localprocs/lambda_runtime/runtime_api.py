"""The Lambda Runtime API (version 2018-06-01), as one runtime process sees it.

Besides AWS's routes there is ``GET /sdk/NAME``: it answers when a package of AWS's SDK for Node is where Node finds it.
"""

import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import SimpleQueue
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import unquote, urlsplit

from localprocs.lambda_runtime import node
from localprocs.listening import QuietServer

PREFIX = "/2018-06-01/runtime"
SDK_PREFIX = "/sdk/"
MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100


@dataclass(frozen=True)
class Invocation:
    """What the runtime is given to do."""

    request_id: str
    function_arn: str
    payload: bytes
    trace_id: str
    timeout_seconds: float


@dataclass(frozen=True)
class Ready:
    """The runtime asked for its next invocation; on the monotonic clock."""

    at: float


@dataclass(frozen=True)
class Answer:
    """The handler's result, or the error that it raised."""

    request_id: str
    payload: bytes
    is_error: bool


@dataclass(frozen=True)
class InitError:
    """The function could not be loaded; the payload is the error as JSON."""

    payload: bytes
    error_type: str


@dataclass(frozen=True)
class TooLarge:
    """The handler's result is larger than Lambda carries."""

    request_id: str
    size: int


@dataclass(frozen=True)
class Exited:
    """The process ended; a negative status is the signal that ended it."""

    status: int


type RuntimeEvent = Ready | Answer | InitError | TooLarge | Exited


class RuntimeApi:
    """Serves one process on a port of its own; what the process says comes out of ``events``, in order."""

    def __init__(self) -> None:
        """Start to listen."""
        self.events: SimpleQueue[RuntimeEvent] = SimpleQueue()
        self._work: SimpleQueue[tuple[Invocation, float] | None] = SimpleQueue()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": self}))
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, name="runtime-api", daemon=True).start()

    def give(self, invocation: Invocation, deadline: float) -> None:
        """Hand over an invocation; the deadline is in seconds since the epoch."""
        self._work.put((invocation, deadline))

    def close(self) -> None:
        """Stop to listen and let go of a runtime that waits."""
        self._work.put(None)
        self._server.shutdown()
        self._server.server_close()

    def next_work(self) -> tuple[Invocation, float] | None:
        """Wait for an invocation; None once closed."""
        self.events.put(Ready(time.monotonic()))
        return self._work.get()


class _Server(ThreadingMixIn, QuietServer, HTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a runtime that was killed while it was connected."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    api: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path.startswith(SDK_PREFIX):
            return self._fetch(unquote(self.path.removeprefix(SDK_PREFIX)))
        if urlsplit(self.path).path != f"{PREFIX}/invocation/next":
            return self._reply(404)
        work = self.api.next_work()
        if work is None:
            self.close_connection = True
            return None
        invocation, deadline = work
        return self._reply(
            200,
            invocation.payload,
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                "Lambda-Runtime-Trace-Id": invocation.trace_id,
            },
        )

    def _fetch(self, package: str) -> None:
        if not node.SDK.fullmatch(package.encode()):
            return self._reply(404, b"it is no package of AWS's SDK")
        try:
            node.fetch([package])
        except node.SdkMissing as error:
            return self._reply(404, str(error).encode())
        return self._reply(200)

    def do_POST(self) -> None:
        body = self._body()
        match urlsplit(self.path).path.removeprefix(PREFIX).strip("/").split("/"):
            case ["init", "error"]:
                kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "Runtime.Unknown")
                self.api.events.put(InitError(body, kind))
                self._reply(202)
            case ["invocation", request_id, "response"] if len(body) > MAX_RESPONSE_BYTES:
                self.api.events.put(TooLarge(request_id, len(body)))
                self._reply(413)
            case ["invocation", request_id, "response" | "error" as what]:
                self.api.events.put(Answer(request_id, body, is_error=what == "error"))
                self._reply(202)
            case _:
                self._reply(404)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
