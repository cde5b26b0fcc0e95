"""A server that does not look around while nobody comes."""

import socket
import threading
import time
from pathlib import Path
from socketserver import BaseRequestHandler

import pytest
from localprocs.listening import QuietServer


class Echo(BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.request.recv(100))


@pytest.fixture
def serving():
    """A server and the thread that it serves on."""
    server = QuietServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server, thread
    server.shutdown()
    server.server_close()
    thread.join(30)


def ask(server):
    """Talk to it once."""
    with socket.create_connection(server.server_address, timeout=30) as client:
        client.sendall(b"hello")
        return client.recv(100)


def test_it_serves_one_after_the_other_and_sleeps_between(serving):
    """The kernel counts how often its thread was woken."""
    server, thread = serving
    assert [ask(server), ask(server)] == [b"hello"] * 2

    status = Path(f"/proc/self/task/{thread.native_id}/schedstat")
    time.sleep(0.05)
    before = status.read_text().split()[2]
    time.sleep(0.5)

    assert status.read_text().split()[2] == before


def test_it_ends_at_once(serving):
    """While it waits, and when it is told before it has begun."""
    server, thread = serving
    assert ask(server) == b"hello"
    server.shutdown()
    thread.join(30)
    assert not thread.is_alive()

    early = QuietServer(("127.0.0.1", 0), Echo)
    early.shutdown()
    early.serve_forever()
    early.server_close()
