"""The command, before anything is started."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from localprocs.host import living_file
from localprocs.host.cli import main
from localprocs.host.log_follower import LogFollower
from localprocs.host.run_file import Run


def call(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a cloud that is up: this process's."""
    path = tmp_path / "up.json"
    living_file.write(
        Run(
            aws_endpoint_url="http://127.0.0.1:1", region="eu-west-1", account_id="111122223333",
            control_url="http://127.0.0.1:2", speed=1.0, clock_env={"LD_PRELOAD": "/lib.so"},
        ),
        path,
    )  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["up", "--app", "a", "--template", "b"], "name --app or --template, not both"),
        (["up", "--app", "nowhere"], "there is no nowhere: name the folder"),
        (["up", "--speed", "0"], "0.1 to 1000"),
        (["up", "--template", "nowhere.json", "--parameter", "x"], "write NAME=VALUE"),
        (["up", "--from", "nowhere.zip"], "nowhere.zip cannot be read"),
        (["env"], "no cloud is up: start one with `localprocs up`"),
        (["save", "x.zip"], "no cloud is up"),
        (["down"], "nothing was up"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(tmp_path: Path, words: list[str], why: str) -> None:
    """With what to do."""
    code, said = call(*words, "--file", str(tmp_path / "up.json"))
    assert why in said
    assert "Traceback" not in said
    assert (code == 0) is (words == ["down"])


def test_a_second_cloud_at_the_same_file_is_refused(file: Path) -> None:
    """Its name would be lost."""
    code, said = call("up", "--file", str(file))
    assert (code, "a cloud is up already" in said) == (1, True)


def test_env_leads_a_shell_there_and_nowhere_else(file: Path) -> None:
    """A profile or a session of before would win; the clock only where it is asked for."""
    _, said = call("env", "--file", str(file))
    assert said.splitlines() == [
        "unset AWS_PROFILE AWS_SESSION_TOKEN",
        "export AWS_ENDPOINT_URL=http://127.0.0.1:1",
        "export AWS_ACCESS_KEY_ID=111122223333",
        "export AWS_SECRET_ACCESS_KEY=test",
        "export AWS_REGION=eu-west-1",
        "export AWS_DEFAULT_REGION=eu-west-1",
    ]
    _, said = call("env", "--clock", "--file", str(file))
    assert "export LD_PRELOAD=/lib.so" in said


def test_the_file_of_a_killed_cloud_is_no_cloud(file: Path) -> None:
    """Another process may have its number."""
    told = json.loads(file.read_text())
    file.write_text(json.dumps(told | {"started": told["started"] - 100}))
    assert call("env", "--file", str(file))[0] == 1
    assert not file.exists()


class Logs:
    """CloudWatch Logs with one group."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> Any:
        return self if operation == "describe_log_groups" else _Events(self.events)

    def paginate(self) -> list[dict[str, Any]]:
        return [{"logGroups": [{"logGroupName": "g", "storedBytes": len(self.events)}]}]


class _Events:
    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    def paginate(self, *, logGroupName: str, startTime: int) -> list[dict[str, Any]]:  # noqa: N803 - boto3's
        assert logGroupName == "g"
        return [{"events": [it for it in self._events if it["timestamp"] >= startTime]}]


def test_each_line_is_told_once() -> None:
    """Several of one moment, which come one after the other, among them."""
    logs, said = Logs(), list[str]()
    follower = LogFollower(logs, said.append)
    for number, moment in enumerate((1, 5, 5, 5, 9)):
        logs.events.append({"eventId": str(number), "timestamp": moment, "message": f"line {number}\n"})
        follower.look()
        follower.look()
    assert said == [f"g: line {number}" for number in range(5)]
