"""The control endpoint: changes time, and interrupts Spot tasks, while everything runs.

It lives in the process that started the emulator, off the virtual clock, so that it answers when the clock stands still.
"""

import json
import math
import threading
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from localprocs.host import plain_http
from localprocs.listening import QuietServer
from localprocs.vclock import AUTO, Clock, ClockError, WallClock

_MAX_BODY_BYTES = 64 * 1024
_CHANGES = (
    'give exactly one of {"speed": n}, {"speed": "auto"}, {"paused": true|false}, {"jump_seconds": n}, '
    '{"advance_seconds": n}, {"settle": true}'
)


class Refused(Exception):
    """A request that cannot be carried out; the text says what would be accepted."""


class ControlServer(QuietServer, ThreadingHTTPServer):
    """Serves the routes below on a free port of the loopback address, from threads of its own."""

    daemon_threads = True

    def __init__(self, clock: Clock | WallClock, aws_endpoint_url: str) -> None:
        """Start to serve."""
        super().__init__(("127.0.0.1", 0), _Handler)
        interruptions = f"{aws_endpoint_url}/_emulator/ecs/interruptions"
        self.routes: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "GET /clock": lambda _: _tell(clock) | {"due": _dues(clock)},
            "POST /clock": lambda body: _change(clock, body),
            "POST /ecs/interruptions": lambda body: _forward(interruptions, body),
        }
        threading.Thread(target=self.serve_forever, name="control", daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: ControlServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        route = self.server.routes.get(f"{self.command} {self.path}")
        if route is None:
            self._send(HTTPStatus.NOT_FOUND, {"error": f"no such route; there are {', '.join(self.server.routes)}"})
            return
        try:
            self._send(HTTPStatus.OK, route(self._body()))
        except (Refused, ClockError) as error:
            self._send(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _body(self) -> dict[str, Any]:
        size = self.headers.get("Content-Length") or "0"
        if not size.isdecimal() or int(size) > _MAX_BODY_BYTES:
            raise Refused(f"Content-Length is {size}; allowed: 0 to {_MAX_BODY_BYTES} bytes")
        try:
            body = json.loads(self.rfile.read(int(size)) or b"{}", parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise Refused("the body is not JSON") from None
        if not isinstance(body, dict):
            raise Refused("the body is not a JSON object")
        return body

    def _send(self, status: HTTPStatus, answer: dict[str, Any]) -> None:
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        pass


def _change(clock: Clock | WallClock, body: dict[str, Any]) -> dict[str, Any]:
    if len(body) != 1:
        raise Refused(_CHANGES)
    match body:
        case {"speed": "auto"}:
            clock.set_speed(AUTO)
        case {"speed": int() | float() as speed} if not isinstance(speed, bool):
            clock.set_speed(_float(speed))
        case {"paused": bool() as paused}:
            clock.pause() if paused else clock.resume()
        case {"jump_seconds": int() | float() as seconds} if not isinstance(seconds, bool):
            clock.jump(_float(seconds))
        case {"advance_seconds": int() | float() as seconds} if not isinstance(seconds, bool):
            clock.advance(_float(seconds))
        case {"settle": True}:
            clock.settle()
        case _:
            raise Refused(_CHANGES)
    return _tell(clock)


def _tell(clock: Clock | WallClock) -> dict[str, Any]:
    return asdict(clock.state())


def _dues(clock: Clock | WallClock) -> list[dict[str, Any]]:
    """Return who waits, the next one first, and for how many virtual seconds; below 0 they are about to go on."""
    return [{"who": f"{due.name} ({due.pid})", "seconds": due.seconds} for due in clock.dues()]


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _refuse_constant(name: str) -> None:
    raise Refused(f"{name} is not a number in JSON")


def _forward(url: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        status, text = plain_http.call("POST", url, json.dumps(body))
        told = dict(json.loads(text))
    except (OSError, ValueError) as error:
        raise Refused(f"the emulator gave no answer ({type(error).__name__}): is it still up?") from None
    if status >= HTTPStatus.BAD_REQUEST:
        raise Refused(str(told.get("error", told)))
    return told
