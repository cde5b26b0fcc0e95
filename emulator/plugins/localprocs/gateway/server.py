"""Serves LocalStack's gateway.

LocalStack's own server passes each request from its event loop to a thread and back; a thread a connection does with
half the work, and without the imports of an event loop.
"""

import threading
from socketserver import ThreadingMixIn
from typing import Any

from localstack import config
from localstack.runtime.server.core import RuntimeServer
from rolo.gateway import Gateway
from rolo.gateway.wsgi import WsgiGateway

from localprocs.gateway.connection import Connection
from localprocs.listening import QuietServer


class ThreadsRuntimeServer(RuntimeServer):
    """Listens on each host and port from ``register`` until ``shutdown``."""

    def __init__(self) -> None:
        """Begin with no port."""
        self._servers: list[Listener] = []
        self._stopping = threading.Event()

    def register(self, gateway: Gateway, listen: list[config.HostAndPort], ssl_creds: Any = None) -> None:
        """Listen from now on; TLS is not spoken here."""
        del ssl_creds
        for each in listen:
            self._servers.append(Listener((each.host, each.port), WsgiGateway(gateway)))

    def run(self) -> None:
        """Serve, and return after ``shutdown``."""
        for server in self._servers:
            threading.Thread(target=server.serve_forever, name="gateway", daemon=True).start()
        self._stopping.wait()

    def shutdown(self) -> None:
        """Stop to listen; connections end with the process."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._stopping.set()


class Listener(ThreadingMixIn, QuietServer):
    """A port."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], application: WsgiGateway) -> None:
        """Bind the port."""
        self.application = application
        super().__init__(address, Connection)
