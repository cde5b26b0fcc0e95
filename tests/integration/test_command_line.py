"""The one command as people and programs use it; each test runs a harness of its own, in a folder of its own."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from emulator.harness.places import ROOT
from tests.processes import descendants, kill, lives

START_TIMEOUT_SECONDS = 90


class CommandLine:
    """Runs ``./huntaze`` with a state folder of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.temporary = state / "tmp"
        self.temporary.mkdir()
        self._env = {**os.environ, "HUNTAZE_STATE": str(state), "TMPDIR": str(self.temporary)}
        self.started: list[subprocess.Popen[str]] = []

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "huntaze", *arguments], env=self._env, capture_output=True, text=True, timeout=120, check=False
        )

    def up(self, *arguments: str) -> subprocess.Popen[str]:
        """Start ``up`` and wait for run.json."""
        process = subprocess.Popen(
            [ROOT / "huntaze", "up", *arguments],
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        until(lambda: (self.state / "run.json").exists() or process.poll() is not None, START_TIMEOUT_SECONDS)
        assert process.poll() is None, process.communicate()[1]
        return process

    @property
    def run_file(self) -> dict[str, Any]:
        return dict(json.loads((self.state / "run.json").read_text()))

    def processes(self) -> list[psutil.Process]:
        """Every living process that was started with this state folder in its environment."""
        found = []
        for process in psutil.process_iter():
            try:
                if (
                    process.environ().get("HUNTAZE_STATE") == str(self.state)
                    and process.status() != psutil.STATUS_ZOMBIE
                ):
                    found.append(process)
            except psutil.Error:
                continue
        return found


def until(condition: Callable[[], object], timeout_seconds: float) -> None:
    """Wait for the condition, within bounds."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def huntaze(tmp_path: Path) -> Iterator[CommandLine]:
    """The command; whatever it left running is killed, after the test has looked."""
    with commands(tmp_path) as command:
        yield command


@contextlib.contextmanager
def commands(state: Path) -> Iterator[CommandLine]:
    """The command with this state folder."""
    command = CommandLine(state)
    try:
        yield command
    finally:
        for process in command.processes():
            kill(process)
        for started in command.started:
            started.communicate(timeout=10)


def test_up_tells_where_everything_is_and_down_stops_all_of_it(huntaze: CommandLine) -> None:
    """run.json has every field of the contract; after down neither it nor a process is left."""
    huntaze.up()
    assert {
        *("aws_endpoint_url", "region", "account_id", "ingress_queue_url", "ingress_dlq_url", "workflows_queue_url"),
        *("workflows_dlq_url", "results_bucket", "state_table", "alarm_topic_arn", "credentials_secret_id"),
        *("ecs_cluster", "ecs_service", "lambda_function", "site_url", "speed", "clock_env", "logs_dir"),
    } <= set(huntaze.run_file)

    status = json.loads(huntaze.run("status", "--json").stdout)
    assert status["tasks"] == {"desired": 1, "running": 1, "pending": 0}
    again = huntaze.run("up")
    assert again.returncode == 1
    assert "up here already" in again.stderr

    assert json.loads(huntaze.run("down", "--json").stdout) == {"stopped": True}
    assert not (huntaze.state / "run.json").exists()
    until(lambda: not huntaze.processes(), 10)


@pytest.mark.gate
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_harness(huntaze: CommandLine, number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and even kill -9 leave logs and nothing running; the next start is not disturbed."""
    process = huntaze.up("--speed", "20")
    job = {"action": "scrape_profile", "creator_id": "creator-01", "profile_url": "/creator-01"}
    assert huntaze.run("send", json.dumps(job), "--wait", "60").returncode == 0
    up, logs = psutil.Process(huntaze.run_file["pid"]), Path(huntaze.run_file["logs_dir"])
    family = up.children(recursive=True)
    assert not [it for it in huntaze.temporary.rglob("*") if it.suffix in (".trace", ".network") or it.name == "traces"]
    for word in ("huntaze_scraper.worker", "awslambdaric", "--type=renderer"):
        assert any(descendants(up.pid, word))
    kill(up, number)

    process.wait(30)
    until(lambda: not huntaze.processes() and not any(map(lives, family)), 15)
    assert "no harness is up" in huntaze.run("status").stderr
    assert (logs / "emulator.log").stat().st_size
    left = set(huntaze.temporary.glob("localprocs-run-*"))
    assert bool(left) is (number == signal.SIGKILL)
    huntaze.up()
    assert not left & set(huntaze.temporary.iterdir()), "the next start clears up after the dead"
    assert huntaze.run_file["clock_env"] == {}
    assert huntaze.run("down").returncode == 0


@pytest.fixture
def on_small_disk(tmp_path: Path) -> Iterator[CommandLine]:
    """The command, where all that it writes is on a disk of 400 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk can be had by root alone")
    try:
        with commands(folder) as command:
            yield command
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Leave no room on the folder's disk."""
    with contextlib.suppress(OSError), (folder / "filler").open("ab", buffering=0) as filler:
        while filler.write(bytes(1 << 16)):
            pass


@pytest.mark.gate
def test_a_full_disk_is_told_and_all_is_cleared_up_the_same(on_small_disk: CommandLine) -> None:
    """While it is up, at down, and at a start: what is the matter, in words; no process stays, and no raw file."""
    command = on_small_disk
    up = command.up()
    fill(command.state)
    assert up.stderr is not None
    assert any("the disk is full" in line for line in up.stderr), "it ended without a word"

    down = command.run("down", "--json")  # if it has not ended by itself: a part may die of it
    assert json.loads(down.stdout).keys() == {"stopped"}, down.stderr
    told = up.communicate(timeout=30)[1]
    assert "Traceback" not in told
    assert not command.processes()
    assert not list(command.temporary.glob("localprocs-run-*"))

    fill(command.state)
    refused = command.run("up")
    assert refused.returncode == 1
    assert "the disk is full" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not command.processes()
    assert not list(command.temporary.glob("localprocs-run-*"))


def test_a_busy_port_is_told_in_one_line(huntaze: CommandLine) -> None:
    """The port is named; nothing is left running."""
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        refused = huntaze.run("up", "--aws-port", str(port))

    assert refused.returncode == 1
    assert f"port {port} is in use" in refused.stderr
    assert not huntaze.processes()


@pytest.mark.gate
def test_the_demo_ends_as_it_should(huntaze: CommandLine) -> None:
    """Six jobs for three creators: five succeed, the one for an unknown fan is rejected; a program can read it."""
    demo = huntaze.run("demo", "--json")

    assert demo.returncode == 0, demo.stderr
    told = json.loads(demo.stdout)
    assert [job["status"] for job in told["jobs"]] == ["succeeded"] * 5 + ["rejected"]
    assert {job["creator_id"] for job in told["jobs"]} == {"creator-01", "creator-02", "creator-03"}
    assert all(job["result"].startswith("s3://") for job in told["jobs"])
    until(lambda: not huntaze.processes(), 10)
    kept = {it.name for it in (huntaze.state / "demo").iterdir()}
    assert len([it for it in kept if it.endswith(".json")]) == 6
    assert "2-creator-01-scrape_profile-profile.png" in kept


@pytest.mark.gate
def test_the_demo_tells_what_the_results_say_within_80_columns(huntaze: CommandLine) -> None:
    """Into a pipe as on a terminal: every column whole, a profile's counts, a message's id, and where the results lie."""
    demo = huntaze.run("demo")

    assert demo.returncode == 0, demo.stderr
    lines = demo.stderr.splitlines()
    (where,) = (it for it in lines if it.startswith("Results and screenshots are kept in"))
    assert {len(line) for line in lines if line != where} <= set(range(81))
    assert " ".join(next(it for it in lines if "scraper  result" in it).split()) == (
        "job creator action ingress workflows scraper result"
    )
    told = "\n".join(lines)
    assert "…" not in told
    assert re.search(r"creator-01  .+: [\d,]+ posts, [\d,]+ likes, [\d,]+ fans, [\d,]+ media", told)
    assert re.search(r"creator-01  message \S+ to fan-001, sent at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", told)
    assert "rejected: the site refuses, as it should: there is no such fan" in told
    assert len(list((huntaze.state / "demo").glob("*.json"))) == 6
