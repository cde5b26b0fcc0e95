"""The control endpoint answers whatever it is sent, and keeps on answering."""

import socket
from collections.abc import Iterator

import pytest
from localprocs.host.child import free_port
from localprocs.host.control import ControlServer
from localprocs.vclock import WallClock

from emulator.harness.clients import http_client


@pytest.fixture
def server() -> Iterator[ControlServer]:
    """With nobody at the emulator's address."""
    running = ControlServer(WallClock(), f"http://127.0.0.1:{free_port()}")
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("/clock", "[" * 30_000, "not JSON"),
        ("/clock", "no", "not JSON"),
        ("/clock", "[]", "not a JSON object"),
        ("/clock", '{"jump_seconds": NaN}', "NaN is not a number"),
        ("/clock", '{"speed": 1, "paused": true}', "give exactly one"),
        ("/clock", '{"speed": true}', "give exactly one"),
        ("/clock", '{"jump_seconds": 1' + "0" * 400 + "}", "this stack runs on the machine's clock"),
        ("/ecs/interruptions", '{"share": 1}', "the emulator gave no answer"),
    ],
)
def test_nonsense_is_refused_with_a_reason(server: ControlServer, path: str, body: str, why: str) -> None:
    """And the clock still tells the time."""
    refused = http_client.post(f"{server.url}{path}", content=body)
    assert refused.status_code == 400
    assert why in refused.json()["error"]
    assert http_client.get(f"{server.url}/clock").is_success


@pytest.mark.parametrize("length", ["-1", "abc", "999999999"])
def test_a_length_that_is_none_is_refused(server: ControlServer, length: str) -> None:
    """Without waiting for what will not come."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as client:
        client.sendall(f"POST /clock HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        assert b"400" in client.recv(100)
