"""What becomes of what a request took when its client dies."""

import http.client
import socket
import struct
import threading

import pytest
from localprocs.gateway.delivery import give_back_unless_delivered
from localprocs.gateway.server import Listener

PATIENCE_SECONDS = 10


class Queue:
    """An application: hands out one thing as soon as there is one."""

    def __init__(self):
        self.asked = threading.Event()
        self.arrived = threading.Event()
        self.given_back = threading.Event()
        self.body = b"x"

    def __call__(self, _environment, start_response):
        self.asked.set()
        assert self.arrived.wait(PATIENCE_SECONDS)
        give_back_unless_delivered(self.given_back.set)
        start_response("200 OK", [("Content-Length", str(len(self.body)))])
        return [self.body]


@pytest.fixture
def queue():
    """Nothing has arrived yet."""
    return Queue()


@pytest.fixture
def address(queue):
    """Serve it on a free port."""
    listener = Listener(("127.0.0.1", 0), queue)
    threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
    yield listener.server_address
    listener.shutdown()
    listener.server_close()


@pytest.fixture
def client(address, queue):
    """A client that waits for an answer."""
    client = socket.create_connection(address, PATIENCE_SECONDS)
    client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert queue.asked.wait(PATIENCE_SECONDS)
    yield client
    client.close()


@pytest.mark.parametrize("resets", [False, True], ids=["closes", "resets"])
def test_what_a_client_would_have_got_that_died_while_it_waited_is_given_back(queue, client, resets):
    """Before any of the answer is written."""
    if resets:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    queue.arrived.set()
    assert queue.given_back.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize("size", [10, 20_000_000], ids=["in the buffer", "half way"])
def test_what_a_client_has_not_read_when_it_dies_is_given_back(queue, client, size):
    """The answer is on its way, or has come and lies unread."""
    queue.body = b"x" * size
    queue.arrived.set()
    assert client.recv(1, socket.MSG_PEEK)
    client.close()
    assert queue.given_back.wait(PATIENCE_SECONDS)


def test_what_a_client_has_read_stays_its_own_whatever_becomes_of_it(queue, address):
    """It closes the connection, or asks for something else by it."""
    queue.arrived.set()
    client = http.client.HTTPConnection(*address, timeout=PATIENCE_SECONDS)
    for _ in range(2):
        client.request("POST", "/")
        assert client.getresponse().read() == b"x"
    client.close()
    assert not queue.given_back.wait(0.3)
