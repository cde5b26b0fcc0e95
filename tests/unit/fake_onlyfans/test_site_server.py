"""The site as a process."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import httpx

import fake_onlyfans
from emulator.harness.clients import http_client

PATIENCE_SECONDS = 60.0


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``python -m fake_onlyfans``."""
    command = [sys.executable, "-m", "fake_onlyfans", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def ready(process: subprocess.Popen[str]) -> dict[str, object]:
    """Return what the process says when it listens."""
    assert process.stdout
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    return json.loads(line)  # type: ignore[no-any-return]


def test_it_says_where_it_listens_logs_its_requests_and_ends_cleanly(tmp_path: Path) -> None:
    """One line on standard output, a log of JSON lines, exit code 0 at SIGTERM, also while somebody waits."""
    log = tmp_path / "site.log"
    with started("--seed", "5", "--log", str(log)) as process:
        told = ready(process)
        assert told["event"] == "ready"
        assert told["seed"] == 5
        url = str(told["url"])
        accounts = http_client.get(f"{url}/_control/accounts").json()
        assert accounts[0]["password"] == fake_onlyfans.accounts(5)[0].password
        urlopen(f"{url}/login", timeout=PATIENCE_SECONDS).close()
        http_client.post(f"{url}/_control/faults", json=[{"fault": {"kind": "hang"}}])
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), PATIENCE_SECONDS) as waiting:
            waiting.sendall(b"GET /login HTTP/1.1\r\nHost: site\r\n\r\n")
            while len(http_client.get(f"{url}/_control/requests").json()) < 2:
                pass

            process.send_signal(signal.SIGTERM)

            assert process.wait(PATIENCE_SECONDS) == 0
        assert process.stdout
        assert process.stdout.read() == ""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(each["path"], each["status"]) for each in lines] == [("/login", 200), ("/login", None)]


def test_a_busy_port_is_one_clear_line() -> None:
    """Exit code 1, the address and the reason, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with started("--port", str(port)) as process:
            out, error = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, out) == (1, "")
    assert error == f"fake_onlyfans: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_several_sites_run_side_by_side() -> None:
    """Each on a port and in a state of its own."""
    with fake_onlyfans.running() as one, fake_onlyfans.running() as other:
        assert one.url != other.url
        http_client.post(f"{one.url}/_control/faults", json=[{"fault": {"kind": "drift"}}])
        assert len(http_client.get(f"{one.url}/_control/faults").json()) == 1
        assert http_client.get(f"{other.url}/_control/faults").json() == []


def test_answers_do_not_wait() -> None:
    """Small answers leave at once: on one connection, the fastest tenth do not take the 40 ms of a delayed one."""
    with fake_onlyfans.running() as site, httpx.Client(base_url=site.url) as client:
        took = sorted(client.get("/login").elapsed.total_seconds() for _ in range(100))

    assert took[10] < 0.03
