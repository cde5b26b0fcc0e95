"""One client's connection: requests one after another, for as long as the client keeps it."""

import io
import sys
from collections.abc import Iterable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from socketserver import StreamRequestHandler
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from localprocs.gateway.delivery import LOST_HEADER, Delivery

LINE_BYTES = 65_536
WITHOUT_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

type Headers = list[tuple[str, str]]


class BadRequest(Exception):
    """What came is not HTTP/1: the connection is closed."""


class LostAnswer(Exception):
    """An answer that is to be lost: the connection is closed, and what was done is not undone."""


class Connection(StreamRequestHandler):
    """Reads requests, calls the application (WSGI), writes its answers."""

    disable_nagle_algorithm = True
    rbufsize = LINE_BYTES

    def handle(self) -> None:
        """Serve until the client or an answer closes the connection."""
        self._delivery: Delivery | None = None
        try:
            while self._serve_one():
                pass
            if self._delivery:
                self._delivery.end()
        except ConnectionError:
            if self._delivery:
                self._delivery.fail()
        except (BadRequest, LostAnswer, TimeoutError):
            pass

    def _serve_one(self) -> bool:
        line = self.rfile.readline(LINE_BYTES)
        while line in (b"\r\n", b"\n"):
            line = self.rfile.readline(LINE_BYTES)
        if not line:
            return False
        method, target, version = _request_line(line)
        headers = list(self._headers())
        named = {name.lower(): value for name, value in headers}
        if named.get("expect", "").lower() == "100-continue":
            self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._body(named)
        keeps = named.get("connection", "").lower() != "close" and version != "HTTP/1.0"
        self._answer(self._environment(method, target, version, headers, body), is_head=method == "HEAD", keeps=keeps)
        return keeps

    def _headers(self) -> Iterator[tuple[str, str]]:
        while (line := self.rfile.readline(LINE_BYTES)) not in (b"\r\n", b"\n"):
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise BadRequest
            yield name, value.strip()

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", "").lower():
            return self._exactly(_number(headers.get("content-length", "0"), 10))
        parts = []
        while size := _number(self.rfile.readline(LINE_BYTES).split(b";")[0].decode("latin-1"), 16):
            parts.append(self._exactly(size))
            self.rfile.readline(LINE_BYTES)
        while self.rfile.readline(LINE_BYTES) not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(parts)

    def _exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:
            raise BadRequest
        return data

    def _environment(self, method: str, target: str, version: str, headers: Headers, body: bytes) -> dict[str, Any]:
        host, port = self.server.server_address[:2]
        address = urlsplit(target) if "://" in target[:8] else None
        path, _, query = (f"{address.path}?{address.query}" if address else target).partition("?")
        environment: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "RAW_URI": target,
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": version,
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_PORT": str(self.client_address[1]),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "rolo.headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        }
        for name, value in headers:
            if name.lower() == "content-type":
                environment["CONTENT_TYPE"] = value
            elif name.lower() != "content-length":
                environment[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return environment

    def _answer(self, environment: dict[str, Any], *, is_head: bool, keeps: bool) -> None:
        begun: list[tuple[str, Headers]] = []

        def start_response(status: str, headers: Headers, _exc_info: Any = None) -> Any:
            begun.append((status, headers))
            return lambda _: None

        self._delivery = Delivery(self.request)
        parts: Iterable[bytes] = self.server.application(environment, start_response)  # type: ignore[attr-defined]
        try:
            self._delivery.check()
            status, headers = begun[-1]
            names = {name.lower() for name, _ in headers}
            if LOST_HEADER in names:
                raise LostAnswer
            has_body = not is_head and int(status[:3]) not in WITHOUT_BODY
            if "content-length" not in names and has_body:
                parts = [b"".join(parts)]
                headers = [*headers, ("Content-Length", str(len(parts[0])))]
            if "date" not in names:
                headers = [*headers, ("Date", formatdate(usegmt=True))]
            head = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
            if not keeps:
                head.append("Connection: close")
            begin = "\r\n".join([*head, "", ""]).encode("latin-1")
            if not has_body:
                self.request.sendall(begin)
                return
            pieces = iter(parts)
            self.request.sendall(begin + next(pieces, b""))
            for piece in pieces:
                self.request.sendall(piece)
        finally:
            if hasattr(parts, "close"):
                parts.close()


def _request_line(line: bytes) -> tuple[str, str, str]:
    words = line.decode("latin-1").split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):  # noqa: PLR2004 - method, target, version
        raise BadRequest
    return words[0], words[1], words[2]


def _number(text: str, base: int) -> int:
    try:
        return int(text.strip(), base)
    except ValueError:
        raise BadRequest from None
