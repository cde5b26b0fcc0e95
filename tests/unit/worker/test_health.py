"""/health over a real socket."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest

from huntaze_scraper.worker.health import check
from huntaze_scraper.worker.health_server import HealthServer


def ask(is_well: bool, path: str = "/health") -> tuple[int, dict[str, Any], bool]:
    """Serve a report, and return what a client and the container's check see of it."""

    async def scenario() -> tuple[int, dict[str, Any], bool]:
        server = HealthServer(0, lambda: (is_well, {"jobs": []}))
        await server.start()
        try:
            status, body = await asyncio.to_thread(_get, f"http://127.0.0.1:{server.port}{path}")
            return status, body, await asyncio.to_thread(check, server.port)
        finally:
            await server.close()

    return asyncio.run(scenario())


def _get(url: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_a_task_that_is_well_says_so_with_200() -> None:
    """The check passes."""
    assert ask(is_well=True) == (200, {"jobs": []}, True)


def test_a_task_that_should_be_replaced_says_so_with_503() -> None:
    """The check fails."""
    assert ask(is_well=False) == (503, {"jobs": []}, False)


@pytest.mark.parametrize("path", ["/", "/health/../secrets", "/healthy"])
def test_nothing_but_health_is_served(path: str) -> None:
    """Everything else is 404."""
    assert ask(is_well=True, path=path)[0] == 404


@pytest.mark.parametrize("answer", [b"", b"\n", b"garbage 200", b"\xff" * 500])
def test_nonsense_is_not_taken_for_health(answer: bytes) -> None:
    """Whatever listens at the port instead of the worker."""

    def serve(listening: socket.socket) -> None:
        with listening.accept()[0] as client:
            client.recv(100)
            client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        assert check(listening.getsockname()[1]) is False


def test_the_containers_check_exits_with_1_where_nothing_answers() -> None:
    """As a process, the way that Docker and ECS run it."""
    done = subprocess.run(
        [sys.executable, "-m", "huntaze_scraper.worker.health"], env={"HEALTH_PORT": "1"}, timeout=60, check=False
    )
    assert done.returncode == 1
