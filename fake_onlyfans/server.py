"""The site as a process: one line on standard output when it listens, a log of its requests, a clean stop."""

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from fake_onlyfans.connection import ReachableProtocol

KEPT_SECONDS = 3600
"""How long an idle connection is kept: on a fast clock, a short time would end it between two clicks."""


class SiteServer(uvicorn.Server):
    """Serves until it is told to stop; SIGINT and SIGTERM tell it."""

    def __init__(self, app: ASGIApp, seed: int | None = None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=ReachableProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                date_header=False,
                server_header=False,
                timeout_keep_alive=KEPT_SECONDS,
                timeout_graceful_shutdown=1,
            )
        )
        self.stopping = asyncio.Event()
        self._seed = seed

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, and say where."""
        await super().startup(sockets)
        if sockets and self.started:
            host, port = sockets[0].getsockname()[:2]
            url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            ready = {"event": "ready", "url": url, "host": host, "port": port, "seed": self._seed}
            print(json.dumps(ready), flush=True)  # noqa: T201 this line is the interface

    async def main_loop(self) -> None:
        """Wait for the end, without a tick: on a fast clock, ticks cost."""
        await self.stopping.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM, with exit code 0."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, self.stopping.set)
        yield


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on; port 0 is any free one.

    Raises:
        OSError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)
