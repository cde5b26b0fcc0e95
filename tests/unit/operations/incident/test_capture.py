"""What a capture does where much is missing, and what it says to a person."""

import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import Result
from typer.testing import CliRunner

from huntaze_scraper.operations.cli import incident
from huntaze_scraper.operations.cli.workplace import Workplace
from huntaze_scraper.operations.incident.bundle import Verb
from huntaze_scraper.operations.incident.errors import WrongQuestion
from huntaze_scraper.operations.incident.reading import job_of, read_bundle
from huntaze_scraper.operations.incident.writing import write_bundle, write_text
from tests.unit.operations.conftest import Pipeline, message
from tests.unit.operations.incident.example import example

type Call = Callable[..., Result]


def refuse(pipeline: Pipeline) -> None:
    """Refuse what moto does not know, as AWS does to whoever may not ask."""

    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Describe")

    clients = pipeline.target.clients
    clients.cloudwatch.meta.events.register("before-call.cloudwatch.DescribeAlarmHistory", refused)
    clients.autoscaling.meta.events.register("before-call", refused)


@pytest.fixture
def call(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a verb on the pipeline, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    refuse(pipeline)
    workplace = Workplace(lambda: pipeline.target, tmp_path)
    return lambda *words: CliRunner().invoke(incident.app, [*words], obj=workplace)


def log(pipeline: Pipeline, group: str, **fields: Any) -> None:
    log_text(pipeline, group, json.dumps(fields, ensure_ascii=False))


def log_text(pipeline: Pipeline, group: str, text: str) -> None:
    event = {"timestamp": int(time.time() * 1000), "message": text}
    pipeline.target.clients.logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[event])


def died(pipeline: Pipeline, number: int = 1) -> str:
    """Leave a dead letter, its item, and lines about it."""
    job_id = pipeline.die(message(number))
    pipeline.put(f"job#{job_id}", state="dead", attempts=3, failures=3, account="creator-01")
    pipeline.put("session#creator-01", state="a secret session")
    known = {"job_id": job_id, "creator_id": "creator-01", "action": "send_message"}
    log(
        pipeline,
        "/aws/lambda/limiter",
        message="rate limit decision",
        forwarding="forwarded",
        message_id="m-1",
        **known,
    )
    log(pipeline, "/scraper", event="site_error", error_class="server_error", http_status=503, **known)
    return job_id


def test_what_is_there_is_captured_and_what_is_not_is_named(call: Call, pipeline: Pipeline, tmp_path: Path) -> None:
    """Without service, alarms or settings: the jobs all the same, each thing missing by name, dead letters put back."""
    job_id = died(pipeline)

    ended = call("capture", "--since", "1h", "--json")
    assert ended.exit_code == 0, ended.exception
    told = json.loads(ended.stdout)

    bundle = read_bundle(tmp_path / told["bundle"])
    (end,) = bundle.expected.jobs
    assert (end.end, end.attempts, end.error_class, end.http_status) == ("dead", 3, "server_error", 503)
    lacking = {it["what"] for it in told["missing"]}
    assert {"the limiter's settings and code", "the service's deployments", "alarm history"} <= lacking
    assert all(it["why"] for it in told["missing"])
    assert told["missing"] == [{"what": it.what, "why": it.why} for it in bundle.manifest.missing]
    assert {it.queue for it in bundle.jobs} == {"ingress", "workflows_dlq"}
    bodies = [job_of(it.body) for it in bundle.jobs]
    assert {it.job_id for it in bodies if it} == {end.job_id}
    assert end.job_id != job_id
    assert [it.key for it in bundle.state] == [f"job#{end.job_id}"]
    assert pipeline.depth(pipeline.target.workflows_dlq_url) == 1


def test_log_lines_that_have_expired_are_named(call: Call, pipeline: Pipeline, tmp_path: Path) -> None:
    """On the screen and in the bundle, with how long they are kept; what is there is captured all the same."""
    died(pipeline)
    pipeline.target.clients.logs.put_retention_policy(logGroupName="/scraper", retentionInDays=1)

    ended = call("capture", "--since", "3d", "--out", "old.zip")

    assert ended.exit_code == 0, ended.exception
    said = ("older log lines of the scraper", "they are kept for 1 days")
    assert ": ".join(said) in ended.stderr
    bundle = read_bundle(tmp_path / "old.zip")
    missing = [(it.what, it.why) for it in bundle.manifest.missing]
    assert said in missing
    assert "older log lines of the limiter" not in [what for what, _ in missing]
    assert len(bundle.expected.jobs) == 1


@pytest.mark.parametrize("asked", ["--since", "--creator"])
def test_a_limiter_that_died_over_its_batch_is_told(call: Call, pipeline: Pipeline, tmp_path: Path, asked: str) -> None:
    """Lambda's own line says it, and no job's; its report of the same is not another death."""
    died(pipeline)
    reason = "Runtime exited with error: signal: killed"
    log_text(pipeline, "/aws/lambda/limiter", f"RequestId: 1-2 Error: {reason}\nRuntime.ExitError\n")
    log_text(pipeline, "/aws/lambda/limiter", "REPORT RequestId: 1-2\tStatus: error\tError Type: Runtime.ExitError\n")
    words = ("--since", "1h") if asked == "--since" else ("--since", "1h", asked, "creator-01")

    ended = call("capture", *words, "--out", "one.zip")

    assert ended.exit_code == 0, ended.exception
    assert [(it.verb, it.arguments) for it in read_bundle(tmp_path / "one.zip").script] == [(Verb.KILL_LIMITER, {})]


def test_a_capture_where_pages_can_be_drawn_holds_one(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle opens as timeline.html."""
    monkeypatch.chdir(tmp_path)
    refuse(pipeline)
    died(pipeline)
    workplace = Workplace(lambda: pipeline.target, tmp_path, draw=lambda it: f"<title>{it.manifest.name}</title>")

    ended = CliRunner().invoke(incident.app, ["capture", "--since", "1h", "--out", "one.zip"], obj=workplace)

    assert ended.exit_code == 0, ended.exception
    name = read_bundle(tmp_path / "one.zip").manifest.name
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.read("timeline.html").decode() == f"<title>{name}</title>"


def test_a_job_is_found_by_the_producers_own_id(call: Call, pipeline: Pipeline) -> None:
    """Whatever characters stand in it; the lines of other jobs stay where they are."""
    died(pipeline)
    log(pipeline, "/scraper", event="job_ended", job_id="ab" * 32, action="send_message", correlation_id="order 4711/ä")

    ended = call("capture", "--job", "order 4711/ä", "--json")

    assert ended.exit_code == 0, ended.exception
    assert len(json.loads(ended.stdout)["jobs"]) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "say what to capture"),
        (("--job", "3fa9c1d2", "--creator", "a"), "two incidents"),
        (("--job", "not-a-job"), "nothing"),
        (("--since", "yesterday"), "is no time"),
        (("--since", "2030-01-01T00:00:00Z"), "nothing lies between"),
        (("--since", "90d"), "more than 31 days"),
        (("--job", "00ff"), "no jobs begin with"),
        (("--creator", "nobody"), "nothing"),
        (("--alarm", "quiet"), "DescribeAlarmHistory is not allowed"),
    ],
)
def test_a_question_without_an_answer_is_refused(call: Call, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    """One line that says how to ask, exit code 2, and no file."""
    ended = call("capture", *words)

    assert isinstance(ended.exception, WrongQuestion)
    assert told in str(ended.exception)
    assert ended.exception.exit_code == 2
    assert list(tmp_path.glob("*.zip")) == []


@pytest.mark.parametrize("asked", [("--creator", "creator-99"), ("--job", "ab" * 32), ("--job", "order-99")])
def test_what_nothing_is_known_of_is_refused_whatever_the_tasks_say(
    call: Call, pipeline: Pipeline, tmp_path: Path, asked: tuple[str, str]
) -> None:
    """A name that was mistyped leaves no hollow bundle."""
    died(pipeline)
    log(pipeline, "/scraper", event="worker_started")

    ended = call("capture", *asked, "--since", "1h")

    assert isinstance(ended.exception, WrongQuestion)
    assert not [*tmp_path.glob("*.zip")]


def test_a_bundle_is_shown_to_people_and_programs(call: Call, tmp_path: Path) -> None:
    """What is missing, jobs, answers, steps and alarms at the screen; everything as JSON."""
    write_bundle(example(), tmp_path / "incident.zip")

    shown, told = call("show", "incident.zip"), call("show", "incident.zip", "--json")

    for words in ("DescribeAlarmHistory is not allowed", "interrupt_spot", "503", "onlyfans-429", "done"):
        assert words in shown.stderr, words
    assert json.loads(told.stdout)["expected"]["jobs"][0]["end"] == "done"
    assert isinstance(call("show", "incident.zip", "--timeline", "x.html").exception, WrongQuestion)


@pytest.mark.parametrize("is_text", [False, True])
def test_a_bundle_is_redacted_in_its_place_in_either_form(call: Call, tmp_path: Path, *, is_text: bool) -> None:
    """A zip stays a zip, a folder a folder, and no name of before is in it."""
    path = tmp_path / "incident.zip"
    (write_text if is_text else write_bundle)(example(), path)

    told = json.loads(call("redact", "incident.zip", "--json").stdout)

    assert told["redactions"]["names"]
    assert path.is_dir() == is_text
    assert read_bundle(path).jobs[0].account != example().jobs[0].account
