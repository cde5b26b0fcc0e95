"""What ``dlq`` tells at the screen and as JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import Result
from typer.testing import CliRunner

from huntaze_scraper.operations import replay
from huntaze_scraper.operations.cli import dlq, failures
from huntaze_scraper.operations.cli.workplace import Workplace
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.state.keys import Kind
from tests.unit.operations.conftest import Pipeline, message

type Call = Callable[..., Result]
type Told = Callable[..., dict[str, Any]]


@pytest.fixture
def call(pipeline: Pipeline, tmp_path: Path) -> Call:
    """Run a verb on the pipeline."""
    workplace = Workplace(lambda: pipeline.target, tmp_path)
    return lambda *words: CliRunner().invoke(dlq.app, [*words, "--json"], obj=workplace)


@pytest.fixture
def told(call: Call) -> Told:
    """Run a verb, and return what it tells programs."""
    return lambda *words: dict(json.loads(call(*words).stdout))


def test_a_replay_that_is_cut_off_tells_what_went(
    call: Call, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No limiter runs: the operator learns which jobs are on the ingress queue now."""
    monkeypatch.setattr(replay, "PATIENCE", replay.PATIENCE * 0)
    ids = [pipeline.die(message(number)) for number in range(3)]

    cut_off = call("replay", "--yes")

    assert isinstance(cut_off.exception, TellOperator)
    assert [it["job_id"] for it in json.loads(cut_off.stdout)["messages"]] == ids[:1]


def test_a_rehearsal_tells_what_would_stay(told: Told, pipeline: Pipeline) -> None:
    """As the replay itself would."""
    ids = [pipeline.die(message(number)) for number in range(2)]
    pipeline.put(Kind.JOB.key(ids[0]), state="done")

    done, other = told("replay")["messages"]

    assert (done["job_id"], "done already" in done["why"]) == (ids[0], True)
    assert (other["job_id"], other["why"]) == (ids[1], None)


@pytest.mark.parametrize("words", [["list"], ["replay"], ["replay", "--yes"], ["drop"], ["drop", "--yes"]])
def test_what_was_not_seen_is_told(told: Told, pipeline: Pipeline, words: list[str]) -> None:
    """A filter that takes none of a creator's first ten says nothing of those behind."""
    for number in range(11):
        pipeline.die(message(number))

    assert told(*words, "--class", "challenge")["unseen"] == {"ingress": 0, "workflows": 1}


def test_copies_that_cannot_be_kept_keep_the_messages(
    call: Call, told: Told, pipeline: Pipeline, tmp_path: Path
) -> None:
    """Nothing is deleted before its copy lies in the file."""
    pipeline.die(message(1))

    assert isinstance(call("drop", "--yes", "--keep", str(tmp_path)).exception, IsADirectoryError)
    assert len(told("list")["messages"]) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "no right"}}, "ReceiveMessage"), "AccessDenied"),
        (PermissionError(13, "Permission denied", "/copies"), "/copies"),
    ],
)
def test_what_an_operator_can_mend_is_told_in_a_line(
    capsys: pytest.CaptureFixture[str], error: Exception, words: str
) -> None:
    """Who lacks a right, or whose session has ended, sees no traceback."""
    with pytest.raises(SystemExit) as ended, failures.told():
        raise error
    assert ended.value.code == 1
    assert words in capsys.readouterr().err
