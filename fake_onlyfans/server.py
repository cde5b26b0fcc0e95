"""The site as a server: in a process of its own, or in a thread of a test's."""

import asyncio
import contextlib
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from fake_onlyfans.app import create_app
from fake_onlyfans.connection import ReachableProtocol
from fake_onlyfans.sessions import SESSION_SECONDS
from fake_onlyfans.site import Site

KEPT_SECONDS = 3600
"""How long an idle connection is kept: on a fast clock, a short time would end it between two clicks."""
STOP_SECONDS = 10.0


class SiteServer(uvicorn.Server):
    """Serves until ``stop``; in the main thread, SIGINT and SIGTERM stop it too."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[str], None]) -> None:
        """Serve ``app``, and call ``on_ready`` with its URL once it listens."""
        super().__init__(
            uvicorn.Config(
                app,
                http=ReachableProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                date_header=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEPT_SECONDS,
                timeout_graceful_shutdown=1,
            )
        )
        self._stopping = asyncio.Event()
        self._on_ready = on_ready

    def stop(self) -> None:
        """Have the server end; to be called in its event loop."""
        self._stopping.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, and say where."""
        await super().startup(sockets)
        if sockets:
            self._on_ready(url_of(sockets[0]))

    async def main_loop(self) -> None:
        """Wait for the end, without a tick: on a fast clock, ticks cost."""
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; who still waits for an answer by a fault gets none."""
        for each in list(self.server_state.connections):
            if isinstance(each, ReachableProtocol) and each.is_answering:
                each.reset()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM, with exit code 0."""
        if threading.current_thread() is threading.main_thread():
            for each in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(each, self.stop)
        yield


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on; port 0 is any free one.

    Raises:
        OSError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)


def url_of(listening: socket.socket) -> str:
    """Return the URL of what is served on a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(listening: socket.socket, seed: int, session_seconds: float) -> None:
    """Serve a site until it is stopped; its URL goes to standard output, as one line of JSON."""

    def announce(url: str) -> None:
        host, port = listening.getsockname()[:2]
        ready = {"event": "ready", "url": url, "host": host, "port": port, "seed": seed}
        print(json.dumps(ready), flush=True)  # noqa: T201 this line is the interface

    await SiteServer(create_app(seed, session_seconds), announce).serve([listening])


@dataclass(frozen=True)
class RunningSite:
    """A site that serves in this process."""

    url: str
    site: Site


@contextlib.contextmanager
def running(
    seed: int = 1, session_seconds: float = SESSION_SECONDS, now: Callable[[], float] = time.time
) -> Iterator[RunningSite]:
    """Serve a site in a thread, on a free port, for as long as the context lasts."""
    app = create_app(seed, session_seconds, now)
    listening = listen("127.0.0.1", 0)
    ready = threading.Event()
    stop: list[Callable[[], object]] = []

    async def serve_here() -> None:
        server = SiteServer(app, lambda _: ready.set())
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(server.stop))
        await server.serve([listening])

    thread = threading.Thread(target=asyncio.run, args=(serve_here(),), name="fake_onlyfans")
    thread.start()
    try:
        if not ready.wait(STOP_SECONDS):
            raise RuntimeError("the fake site did not start")
        yield RunningSite(url_of(listening), app.state.site)
    finally:
        for each in stop:
            each()
        thread.join(STOP_SECONDS)
