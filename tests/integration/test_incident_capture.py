"""An incident is captured from what runs by the calls that AWS takes, and by the rights that the docs give."""

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from localprocs.host import living_file
from localprocs.vclock import Clock

from emulator.console.reading.place import target_of
from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.places import ROOT
from emulator.harness.site_control import SiteControl
from huntaze_scraper.operations.incident.bundle import Bundle, Verb
from huntaze_scraper.operations.incident.capture import capture
from huntaze_scraper.operations.incident.question import Question
from huntaze_scraper.operations.incident.reading import job_of, read_bundle
from huntaze_scraper.operations.incident.writing import contents
from huntaze_scraper.operations.target import Target, deployed
from huntaze_scraper.text_shape import kinds_of
from infra_cdk.cost.bill import LOG_KIBIBYTES_A_JOB
from tests.integration import permissions
from tests.integration.operator_shell import Shell
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.requirement("9.9")]

TEXT = "Grüße von Zoë... 😊\r\nשלום"  # noqa: RUF001 - right to left
JOB = {"action": "send_message", "creator_id": "creator-01", "user_id": "fan-001", "message_content": TEXT}
POLICY = json.loads((ROOT / "docs" / "incident-capture-policy.json").read_text())
ROLE = "incident-reader"
ALARM = "dlq_messages_warning"
OVERHEAD_BYTES = 26
"""What CloudWatch counts for each event beside its message."""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


def question(target: Target, **asked: str) -> Question:
    named = {"job": "", "creator": "", "alarm": "", "since": "", "until": ""}
    return Question.read(target.now(), **(named | asked))


@pytest.fixture
def begun(pipeline: Pipeline, clock: Clock) -> str:
    """When the incident begins, after what other tests did on this harness."""
    return datetime.fromtimestamp(clock.now(), UTC).isoformat()


@pytest.fixture
def no_alarm(pipeline: Pipeline, clock: Clock) -> None:
    """What other tests left loud is over: an alarm that is loud already changes no more."""

    def is_quiet() -> bool:
        return not pipeline.clients.cloudwatch.describe_alarms(AlarmNames=[ALARM], StateValue="ALARM")["MetricAlarms"]

    clock.until(is_quiet, 1800, each=60, what=f"the end of the alarm {ALARM}")


@pytest.fixture
def incident(begun: str, pipeline: Pipeline, site: SiteControl) -> SentJob:
    """A job that meets a 429 and goes through, one that was set aside, and a task that was stopped."""
    match = {"method": "POST", "path": "/api/chats/*/messages", "nth": [1]}
    site.faults({"match": match, "fault": {"kind": "status", "status": 429, "retry_after": 20}})
    job = pipeline.send(JOB)
    run = pipeline.run
    pipeline.clients.sqs.send_message(QueueUrl=run.ingress_queue_url, MessageBody='{"action": "x", "user_id": "zoe"}')
    assert pipeline.await_results([job], 300)[job.job_id]["status"] == "succeeded"
    until(lambda: pipeline.depth(run.ingress_dlq_url) == 1, 60, "the refused job in the DLQ")
    ecs = pipeline.clients.ecs
    (task, *_) = ecs.list_tasks(cluster=run.ecs_cluster, serviceName=run.ecs_service)["taskArns"]
    ecs.stop_task(cluster=run.ecs_cluster, task=task)
    until(lambda: _stopped(pipeline, task), 120, "the task's end")
    pipeline.await_health()
    return job


def _stopped(pipeline: Pipeline, task: str) -> bool:
    found = pipeline.clients.ecs.describe_tasks(cluster=pipeline.run.ecs_cluster, tasks=[task])["tasks"]
    return bool(found) and found[0]["lastStatus"] == "STOPPED"


def test_an_incident_is_captured_whole_and_nothing_of_production_is_in_it(
    incident: SentJob, begun: str, pipeline: Pipeline, tmp_path: Path
) -> None:
    """By the command: the job, its answers, its end, what happened around, dead letters put back; no name, no text."""
    living_file.write(pipeline.run, tmp_path / "run.json")
    shell, file = Shell(pipeline.run, tmp_path), tmp_path / "incident.zip"

    told = json.loads(
        shell.run("./huntaze", "incident", "capture", "--since", begun, "--out", str(file), "--json").stdout
    )

    bundle = read_bundle(file)
    assert told == {"bundle": str(file), "jobs": told["jobs"], "missing": []}
    (job,) = [it for it in bundle.jobs if it.queue == "ingress" and it.action]
    left = job_of(job.body)
    assert left is not None
    assert left.job_id == job.job_id != incident.job_id
    assert isinstance(job.body, dict)
    made = job.body["message_content"]
    assert len(made) == len(TEXT)
    assert set(kinds_of(made)) == set(kinds_of(TEXT))
    (end,) = [it for it in bundle.expected.jobs if it.job_id == job.job_id]
    assert (end.end, end.attempts, end.rate_limits, end.failures) == ("done", 2, 1, 0)
    posts = [
        it for it in bundle.answers if it.request["method"] == "POST" and it.request["url"].startswith("/api/chats")
    ]
    assert [(it.response["status"], it.nth) for it in posts][:2] == [(429, 1), (posts[1].response["status"], 2)]
    assert posts[0].response["headers"] == [{"name": "Retry-After", "value": "20"}]
    assert 200 <= posts[1].response["status"] < 300
    assert Verb.STOP_TASK in [it.verb for it in bundle.script]
    assert [it.queue for it in bundle.jobs if it.queue.endswith("dlq")] == ["ingress_dlq"]
    assert bundle.spans["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert pipeline.depth(pipeline.run.ingress_dlq_url) == 1
    _require_nothing_told(bundle, incident)

    page = tmp_path / "timeline.html"
    shown = shell.run("./huntaze", "incident", "show", str(file), "--timeline", str(page), "--json")
    assert json.loads(shown.stdout)["manifest"]["name"] == bundle.manifest.name
    drawn = page.read_text()
    assert job.job_id[:12] in drawn
    assert "http://" not in drawn.replace("http://www.w3.org/2000/svg", "")


def _require_nothing_told(bundle: Bundle, incident: SentJob) -> None:
    text = "\n".join(contents(bundle).values())
    for name in ("creator-01", "fan-001", "Grüße", "Zoë", "zoe", incident.job_id, incident.message_id):
        assert name not in text, name
    assert not [it for it in bundle.state if it.key.startswith("session")]


def test_a_job_and_a_creator_are_captured_alone(incident: SentJob, begun: str, pipeline: Pipeline) -> None:
    """By the beginning of a job's id, or by a creator: what belongs to it, and no other's."""
    target = target_of(pipeline.run)

    by_job = capture(target, question(target, job=incident.job_id[:12]))
    by_creator = capture(target, question(target, creator="creator-01", since=begun))

    assert [it.end for it in by_job.expected.jobs] == ["done"]
    assert "done" in [it.end for it in by_creator.expected.jobs]
    assert len({it.account for it in by_creator.expected.jobs}) == 1
    assert by_job.manifest.span_seconds < 3600
    assert {it.fields.get("job_id") for it in by_job.lines} <= {by_job.expected.jobs[0].job_id, None}


@pytest.mark.usefixtures("no_alarm")
def test_the_time_around_an_alarm_is_captured_by_its_name(
    incident: SentJob, pipeline: Pipeline, clock: Clock, tmp_path: Path
) -> None:
    """By the command: half an hour before it was loud, the jobs of that time, and the alarm's own change."""

    def is_loud() -> bool:
        (found,) = pipeline.clients.cloudwatch.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
        return found["StateValue"] == "ALARM"

    clock.until(is_loud, 900, each=60, what=f"the alarm {ALARM}")
    living_file.write(pipeline.run, tmp_path / "run.json")
    shell, file = Shell(pipeline.run, tmp_path), tmp_path / "incident.zip"

    told = shell.run("./huntaze", "incident", "capture", "--alarm", ALARM, "--out", str(file), "--json")

    assert told.returncode == 0, told.stderr
    bundle = read_bundle(file)
    assert bundle.manifest.name.startswith("alarm-")
    assert bundle.manifest.asked["alarm"] == ALARM
    assert (ALARM, "ALARM") in [(it.alarm, it.after) for it in bundle.expected.alarms]
    assert "done" in [it.end for it in bundle.expected.jobs]
    assert "ingress_dlq" in [it.queue for it in bundle.jobs]
    _require_nothing_told(bundle, incident)
    with zipfile.ZipFile(file) as archive:
        page = archive.read("timeline.html").decode()
    assert any(it.job_id[:12] in page for it in bundle.jobs)
    assert ALARM in page

    quiet = shell.run("./huntaze", "incident", "capture", "--alarm", "jobs_wait", "--since", "5m")
    assert quiet.returncode == 2
    assert "was not loud since" in quiet.stderr


def test_a_jobs_lines_take_no_more_than_the_bill_counts(pipeline: Pipeline) -> None:
    """Every answer, attempt and wait of a message that goes through, its log-in with it, as CloudWatch counts bytes."""
    job = pipeline.send(JOB)
    assert pipeline.await_results([job], 300)[job.job_id]["status"] == "succeeded"
    target = target_of(pipeline.run)
    read = target.clients.logs.get_paginator("filter_log_events").paginate
    pages = [
        page
        for group in (target.limiter_logs, target.scraper_logs)
        for page in read(logGroupName=group, filterPattern=f'"{job.job_id}"')
    ]
    sizes = [len(it["message"].encode()) + OVERHEAD_BYTES for page in pages for it in page["events"]]
    print(f"{len(sizes)} lines, {sum(sizes)} bytes")
    assert 0 < sum(sizes) < LOG_KIBIBYTES_A_JOB * 1024


@pytest.fixture
def reader(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A role with the documented policy, whose session the environment has; its ARN."""
    iam = pipeline.clients.iam
    arn = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    allow(pipeline, POLICY)
    given = pipeline.clients.sts.assume_role(RoleArn=arn, RoleSessionName="reader")["Credentials"]
    for name, value in {
        "AWS_ENDPOINT_URL": pipeline.run.aws_endpoint_url,
        "AWS_REGION": pipeline.run.region,
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }.items():
        monkeypatch.setenv(name, value)
    yield arn
    iam.delete_role_policy(RoleName=ROLE, PolicyName="all")
    iam.delete_role(RoleName=ROLE)


def allow(pipeline: Pipeline, policy: Any) -> None:
    pipeline.clients.iam.put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=json.dumps(policy))


def test_the_documented_policy_is_enough_and_needed(
    incident: SentJob, begun: str, pipeline: Pipeline, reader: str
) -> None:
    """With it a capture lacks nothing, and none of its permissions is unused; a session cannot be read by it.

    Without one of them what it is for is named as missing, and the rest is captured all the same.
    """
    permissions.forget_calls(pipeline)
    target = deployed()
    bundle = capture(target, question(target, since=begun))
    made = permissions.calls(pipeline)

    assert bundle.manifest.missing == ()
    assert [it.end for it in bundle.expected.jobs if it.attempts] == ["done"]
    assert permissions.unused(pipeline.clients, reader, made) == set()
    reads = boto3.client("dynamodb", endpoint_url=pipeline.run.aws_endpoint_url, region_name=pipeline.run.region)
    with pytest.raises(ClientError, match="not authorized"):
        reads.batch_get_item(RequestItems={pipeline.run.state_table: {"Keys": [{"pk": {"S": "session#creator-01"}}]}})

    for action, what in {
        "cloudwatch:DescribeAlarmHistory": "alarm history",
        "dynamodb:BatchGetItem": "items of the state table",
        "logs:FilterLogEvents": "log lines of the scraper",
    }.items():
        allow(pipeline, _less(POLICY, action))
        less = capture(target, question(target, since=begun))
        assert (what, f"{action} is not allowed") in [(it.what, it.why) for it in less.manifest.missing]
        assert less.jobs


def _less(policy: Any, action: str) -> Any:
    statements = [{**it, "Action": [each for each in _listed(it) if each != action]} for it in policy["Statement"]]
    return {**policy, "Statement": [it for it in statements if it["Action"]]}


def _listed(statement: Any) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else actions
