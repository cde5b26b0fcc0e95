"""The console's server: in a thread of the harness's process, or in the foreground beside it."""

import asyncio
import contextlib
import secrets
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import uvicorn

from emulator.console.reading.place import of_harness
from emulator.console.web.app import Console, FindPlace, create_app
from emulator.console.web.viewer import at_port, create_viewer
from emulator.harness import places
from emulator.harness.run_file import Run

SAMPLE_SECONDS = 0.5
"""How often wall and virtual time are looked at together."""
STOP_SECONDS = 5.0


class ConsoleServer(uvicorn.Server):
    """Serves the console on the loopback address until it is stopped."""

    def __init__(self, find_place: FindPlace, *, port: int = 0, can_change: bool = True) -> None:
        """Open the port: the one given, else a free one."""
        self.console = Console(find_place, can_change=can_change)
        if can_change:
            from emulator.console.web import changes  # noqa: PLC0415 - read-only, nothing of it is even routed

            app = create_app(self.console, changes.routes(self.console))
        else:
            app = create_app(self.console)
        self._socket = socket.create_server(("127.0.0.1", port))
        self._viewers = socket.create_server(("127.0.0.1", 0))
        viewers_port = _port(self._viewers)
        self.console.viewer_origin = f"http://127.0.0.1:{viewers_port}"
        super().__init__(
            uvicorn.Config(
                at_port(viewers_port, create_viewer(), app),
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that it serves on."""
        return _port(self._socket)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Serve from a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="console", daemon=True)
        self._thread.start()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until ``stop``, or until a signal where this is the main thread."""
        super().run(sockets or [self._socket, self._viewers])

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and look at the clocks meanwhile."""
        sampling = asyncio.create_task(self._sample())
        try:
            await super().serve(sockets)
        finally:
            sampling.cancel()

    async def _sample(self) -> None:
        while True:
            with contextlib.suppress(Exception):  # there may be no harness for a while
                await asyncio.to_thread(lambda: self.console.walls.look(self.console.place()))
            await asyncio.sleep(SAMPLE_SECONDS)

    def stop(self) -> None:
        """End; pages that are open notice it."""
        self.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
        self._socket.close()
        self._viewers.close()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever owns the main thread."""
        if threading.current_thread() is threading.main_thread():
            with super().capture_signals():
                yield
        else:
            yield


def _port(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def usual_port(file: Path) -> int:
    """Return the port that this folder's last console had, if it is free: an open page then finds the next harness."""
    try:
        port = int(file.read_text())
        with socket.create_server(("127.0.0.1", port)):
            return port
    except (OSError, ValueError, OverflowError):
        return 0


@contextlib.contextmanager
def console_over(run: Run) -> Iterator[Run]:
    """Serve the console over a harness meanwhile, and give what run.json then says."""
    file = places.state_directory() / "console-port"
    token = secrets.token_urlsafe(24)
    told: list[Run] = []
    server = ConsoleServer(lambda: of_harness(told[0]), port=usual_port(file))
    told.append(replace(run, console_url=server.url, control_token=token))
    file.write_text(str(server.port))
    server.start()
    try:
        yield told[0]
    finally:
        server.stop()
