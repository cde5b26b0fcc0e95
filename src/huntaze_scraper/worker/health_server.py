"""``/health``: whether the task is well, for the container's health check."""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

ANSWER_SECONDS = 5.0
_HEADER_LIMIT = 8192

type Report = Callable[[], tuple[bool, dict[str, Any]]]


class HealthServer:
    """Answers GET /health with 200, or 503 when the task should be replaced."""

    def __init__(self, port: int, report: Report) -> None:
        """Serve what ``report`` says: whether the task is well, and the body."""
        self._port = port
        self._report = report
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on all interfaces: the load of a task is its own network interface."""
        self._server = await asyncio.start_server(self._answer, "0.0.0.0", self._port, limit=_HEADER_LIMIT)  # noqa: S104

    @property
    def port(self) -> int:
        """The port in use: the one asked for, or a free one where that was 0."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else self._port

    async def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                is_health = head.split(b"\r\n", 1)[0].split(b" ")[:2] == [b"GET", b"/health"]
                is_well, described = self._report() if is_health else (False, {"error": "only GET /health is served"})
                status = (
                    HTTPStatus.NOT_FOUND
                    if not is_health
                    else HTTPStatus.OK
                    if is_well
                    else HTTPStatus.SERVICE_UNAVAILABLE
                )
                body = json.dumps(described).encode()
                writer.write(
                    f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()
