"""``localprocs iam`` tells people and programs the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from localprocs.host import iam_command, run_file
from localprocs.host.cli import main
from localprocs.host.run_file import Run

ROLE = "arn:aws:iam::000000000000:role/limiter"
TOLD = {
    "role": ROLE,
    "used_not_granted": [{"action": "sqs:SendMessage", "resource": "q"}],
    "granted_not_used": [{"statement": "p[0]", "action": "s3:*", "resource": "*"}],
    "smallest_policy": {"Statement": []},
    "diff": '-  "Action": "s3:*"\n+  "Action": "sqs:SendMessage"',
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str, str]]:
    """A cloud that is up, and what it was asked."""
    calls: list[tuple[str, str, str]] = []
    run = Run(aws_endpoint_url="http://cloud", region="r", account_id="000000000000", control_url="", speed=1)
    monkeypatch.setattr(run_file, "read", lambda _: run)

    def answer(method: str, url: str, body: str = "") -> tuple[int, bytes]:
        calls.append((method, url, body))
        other = {**TOLD, "role": "arn:aws:iam::000000000000:role/another"}
        return 200, json.dumps({"roles": [TOLD, other]}).encode()

    monkeypatch.setattr(iam_command.plain_http, "call", answer)
    return calls


def told(*arguments: str) -> Any:
    """Run the command."""
    result = CliRunner().invoke(main, ["iam", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_role_is_told_line_by_line(asked: list[tuple[str, str, str]]) -> None:
    """What it lacked, what it did not use, and the difference to the smallest policy."""
    assert told("--role", "limiter").splitlines() == [
        ROLE,
        "  used, not granted: sqs:SendMessage on q",
        "  granted, not used: s3:* on * (p[0])",
        '    -  "Action": "s3:*"',
        '    +  "Action": "sqs:SendMessage"',
    ]


def test_a_program_gets_one_object(asked: list[tuple[str, str, str]]) -> None:
    """Of all roles, or those that are named."""
    assert len(json.loads(told("--json"))["roles"]) == 2


def test_the_mode_can_be_changed(asked: list[tuple[str, str, str]]) -> None:
    """Before the report."""
    told("--mode", "audit")
    assert asked[0] == ("POST", "http://cloud/_emulator/iam/mode", '{"mode": "audit"}')
