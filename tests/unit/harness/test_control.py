"""The control endpoint answers whatever it is sent, and keeps on answering."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from localprocs.host.child import free_port
from localprocs.host.control import ControlServer
from localprocs.vclock import Clock, WallClock

from emulator.harness.clients import http_client


@pytest.fixture
def server() -> Iterator[ControlServer]:
    """With nobody at the emulator's address."""
    running = ControlServer(WallClock(), f"http://127.0.0.1:{free_port()}")
    yield running
    running.stop()


@pytest.fixture
def turned() -> Iterator[tuple[ControlServer, Clock]]:
    """One over a clock that can be turned."""
    with Clock.create() as clock:
        running = ControlServer(clock, "http://127.0.0.1:9")
        yield running, clock
        running.stop()


@pytest.mark.parametrize(
    ("body", "ahead", "told"),
    [
        ({"speed": 60}, 0, {"speed": 60.0}),
        ({"speed": "auto"}, 0, {"speed": "auto"}),
        ({"paused": True}, 0, {"paused": True}),
        ({"jump_seconds": 3600}, 3600, {"speed": 1.0}),
        ({"advance_seconds": 3600}, 3600, {"speed": 1.0}),
        ({"settle": True}, 0, {"speed": 1.0}),
    ],
)
def test_time_is_turned_as_asked(
    turned: tuple[ControlServer, Clock], body: dict[str, Any], ahead: float, told: dict[str, Any]
) -> None:
    """Each change is in force when its answer comes, which tells the clock's state."""
    server, clock = turned
    before = clock.now()

    answer = http_client.post(f"{server.url}/clock", json=body).raise_for_status().json()

    assert answer["now"] - before >= ahead
    assert {name: answer[name] for name in told} == told
    assert {name: getattr(clock.state(), name) for name in told} == told
    assert http_client.get(f"{server.url}/clock").json()["due"] == []


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"settle": false}',
        '{"settle": 1}',
        '{"advance_seconds": true}',
        '{"advance_seconds": "60"}',
        '{"speed": "fast"}',
    ],
)
def test_what_is_no_change_turns_nothing(turned: tuple[ControlServer, Clock], body: str) -> None:
    """The refusal tells every change there is."""
    server, clock = turned
    clock.pause()
    before = clock.now()
    refused = http_client.post(f"{server.url}/clock", content=body)
    assert refused.status_code == 400
    assert '{"advance_seconds": n}, {"settle": true}' in refused.json()["error"]
    assert clock.now() == before


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
