"""Each alarm goes off and ends by its real cause, as a subscriber of the topic hears it.

No figure is put by hand: limiter, scraper and the emulated services publish what they did. Only the clock is helped:
it jumps over the minutes for which an alarm waits.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from localprocs.vclock import Clock

from emulator.harness.clients import http_client
from emulator.harness.faults import Faults
from emulator.harness.harness import Harness
from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from huntaze_scraper import names
from huntaze_scraper.metric_names import NAMESPACE, Metric
from tests import invariants
from tests.integration import permissions
from tests.integration.alarm_subscriber import Subscriber
from tests.integration.deep_queue import fill_workflows_queue
from tests.patience import until

pytestmark = [pytest.mark.gate, pytest.mark.browser, pytest.mark.timeout(400), pytest.mark.requirement("5.5")]

SITE_REFUSES = {"onlyfans_429_high", "challenge_seen"}
SITE_FAILS = {"onlyfans_5xx_share_high", "scraper_failure_rate_critical", "circuit_breaker_opened"}
SCRAPER_DOES_NOT_START = {"workflows_queue_age_warning", "workflows_queue_age_critical", "scraper_tasks_missing"}
WORKFLOWS_QUEUE_FILLS = {"workflows_queue_depth_high"}
LIMITER_IS_KEPT_FROM_RUNNING = {"lambda_throttles", "ingress_queue_not_taken", "ingress_queue_age_critical"}
LIMITER_FAILS = {"lambda_errors_warning", "lambda_errors_critical"}
POISON_COMES = {"dlq_messages_warning", "dlq_messages_critical"}
ROTATION_FAILS = {"credentials_rotation_failed"}
PAGES_BURN_CPU = {"scraper_cpu_high"}
NOBODY_KNOWS = {"effect_uncertain"}
TASKS_CANNOT_WORK = {"scraper_not_ready"}
JOBS_WAIT = {"jobs_wait"}

CREATORS = [f"creator-{number:02}" for number in range(1, 13)]
BURNING_PAGE = """<!doctype html><script>
const spin = URL.createObjectURL(new Blob(["for (;;);"]))
for (let i = 0; i < 16; i++) new Worker(spin)
</script>"""
"""Keeps so many threads busy, for as long as it is open, that they get their share of a machine that has other work."""
SLOW = 0.1
URGENT = -15


@pytest.fixture(scope="module")
def _subscriber(harness: Harness) -> Iterator[Subscriber]:
    made = Subscriber(Pipeline(harness.run), harness.clock)  # type: ignore[arg-type]
    yield made
    made.unsubscribe()


@pytest.fixture
def subscriber(_subscriber: Subscriber, pipeline: Pipeline, clock: Clock) -> Subscriber:
    """Who is told; no alarm is on when the test begins."""
    del pipeline, clock  # queues are empty, and time can be changed
    _subscriber.await_quiet()
    return _subscriber


def test_every_alarm_has_a_cause_here(subscriber: Subscriber) -> None:
    """And each of them notifies the topic."""
    causes = (
        SITE_REFUSES,
        SITE_FAILS,
        SCRAPER_DOES_NOT_START,
        WORKFLOWS_QUEUE_FILLS,
        LIMITER_IS_KEPT_FROM_RUNNING,
        LIMITER_FAILS,
        POISON_COMES,
        ROTATION_FAILS,
        PAGES_BURN_CPU,
        NOBODY_KNOWS,
        TASKS_CANNOT_WORK,
        JOBS_WAIT,
    )
    assert subscriber.alarms() == set().union(*causes)


def test_a_site_that_refuses_our_rate_or_wants_a_human(
    subscriber: Subscriber, pipeline: Pipeline, site: SiteControl
) -> None:
    """429 for five accounts, a challenge for one."""
    challenged, *refused = CREATORS[:6]
    site.faults(
        {"match": {**_posts(), "account": challenged}, "fault": {"kind": "challenge"}},
        {"match": _posts(), "fault": {"kind": "status", "status": 429, "retry_after": 20}},
    )
    jobs = [_message(pipeline, creator) for creator in (challenged, *refused)]
    until(lambda: subscriber.total(*_ours(Metric.ONLYFANS_429_COUNT)) > 10, 60, "more than ten 429")
    until(lambda: subscriber.total(*_ours(Metric.CHALLENGE_COUNT)), 60, "a challenge")
    subscriber.await_alarms(SITE_REFUSES, 4)

    site.faults()
    pipeline.await_results(jobs[1:], 60)
    subscriber.await_ends(SITE_REFUSES)


@pytest.mark.requirement("9.5")
def test_a_message_of_which_nobody_can_know_whether_it_was_sent(
    subscriber: Subscriber, pipeline: Pipeline, site: SiteControl
) -> None:
    """A gateway answers the post, and the conversation cannot be read any more: the owner is told, nothing is sent twice."""
    reads = {"method": "GET", "path": "/api/chats/*", "account": CREATORS[0]}
    site.faults(
        {"match": {**reads, "nth": list(range(2, 20))}, "fault": {"kind": "status", "status": 404}},
        {"match": {**_posts(), "account": CREATORS[0]}, "fault": {"kind": "status", "status": 504}},
    )
    job = _message(pipeline, CREATORS[0])
    assert pipeline.await_results([job], 200)[job.job_id]["status"] == "uncertain"
    subscriber.await_alarms(NOBODY_KNOWS, 4)

    site.faults()
    subscriber.await_ends(NOBODY_KNOWS)
    assert pipeline.depth(pipeline.run.workflows_dlq_url) == 0


def test_a_site_that_fails(subscriber: Subscriber, pipeline: Pipeline, site: SiteControl) -> None:
    """503 for everybody, until it is over."""
    site.faults({"match": _posts(), "fault": {"kind": "status", "status": 503}})
    jobs = [_message(pipeline, creator) for creator in CREATORS[:6]]
    until(lambda: subscriber.total(*_ours(Metric.CIRCUIT_BREAKER_OPEN_COUNT)), 60, "an open circuit breaker")
    subscriber.pass_minutes(1)
    subscriber.pass_minutes(5)
    until(lambda: subscriber.total(*_ours(Metric.ONLYFANS_5XX_COUNT)), 60, "failures in the next five minutes, too")
    subscriber.await_alarms(SITE_FAILS, 15)

    site.faults()
    jobs.append(_message(pipeline, CREATORS[6]))
    pipeline.await_results(jobs, 120)
    subscriber.await_ends(SITE_FAILS)
    invariants.check(pipeline, site, jobs)


def test_a_scraper_that_does_not_start(
    subscriber: Subscriber, pipeline: Pipeline, site: SiteControl, harness: Harness
) -> None:
    """Its execution role may not make the log stream: jobs wait until it may."""
    _, execution_role = permissions.task_roles(pipeline)
    with permissions.without(pipeline.clients, execution_role, "logs:CreateLogStream"):
        Faults(harness.run, 1).kill_scraper()
        jobs = [_message(pipeline, creator) for creator in CREATORS[:3]]
        until(lambda: pipeline.depth(pipeline.run.workflows_queue_url) == len(jobs), 60, "the jobs being forwarded")
        subscriber.pass_minutes(11)
        subscriber.await_alarms(SCRAPER_DOES_NOT_START - {"workflows_queue_age_critical"}, 4)
        subscriber.pass_minutes(18)
        subscriber.await_alarms(SCRAPER_DOES_NOT_START, 4)
    subscriber.pass_minutes(27)  # the longest time after which a start is tried again
    pipeline.await_results(jobs, 60)
    subscriber.await_ends(SCRAPER_DOES_NOT_START)
    invariants.check(pipeline, site, jobs)


def test_a_workflows_queue_that_fills(subscriber: Subscriber, pipeline: Pipeline) -> None:
    """Jobs come in and nobody takes them; an operator empties the queue, and the scraper is back."""
    with pipeline.without_scraper():
        fill_workflows_queue(pipeline, 510)
        subscriber.await_alarms(WORKFLOWS_QUEUE_FILLS, 4)
    subscriber.await_ends(WORKFLOWS_QUEUE_FILLS)


@pytest.mark.requirement("9.6")
def test_a_task_that_cannot_work(subscriber: Subscriber, pipeline: Pipeline, harness: Harness) -> None:
    """The state table answers errors; the jobs that were on the queue go when it does not."""
    faults = Faults(harness.run, 1)
    faults.outage("dynamodb", "error", 3600)
    try:
        jobs = fill_workflows_queue(pipeline, 3)
        until(lambda: faults.refused("dynamodb"), 60, "a call that meets the outage")
        subscriber.pass_minutes(11)
        subscriber.await_alarms(TASKS_CANNOT_WORK, 4)
    finally:
        faults.end_outages()
    pipeline.await_results(jobs, 120)
    subscriber.await_ends(TASKS_CANNOT_WORK)


@pytest.mark.requirement("7.1", "9.6")
def test_jobs_that_wait_for_long(subscriber: Subscriber, pipeline: Pipeline, site: SiteControl) -> None:
    """An account's limit lasts for three quarters of an hour; hours after it is over nothing is told of it any more."""
    site.faults({"match": _posts(), "fault": {"kind": "status", "status": 429, "retry_after": 600}})
    job = _message(pipeline, CREATORS[0])
    subscriber.pass_minutes(41)
    subscriber.await_alarms(JOBS_WAIT, 6)
    site.faults()
    subscriber.pass_minutes(10)
    pipeline.await_results([job], 120)
    subscriber.skip_minutes(6 * 60 + 5)
    subscriber.await_ends(JOBS_WAIT, after_minutes=1)


def test_a_limiter_that_is_kept_from_running(subscriber: Subscriber, pipeline: Pipeline) -> None:
    """The account has no concurrency left for it; jobs pile up for days. When it has, an operator drops what is old."""
    function = {"FunctionName": names.LIMITER_FUNCTION}
    pipeline.clients.lambda_.put_function_concurrency(**function, ReservedConcurrentExecutions=0)
    try:
        _fill_ingress(pipeline, 150, lambda number: json.dumps(_payload(CREATORS[number % 12], number)))
        until(
            lambda: subscriber.total("AWS/Lambda", "Throttles", FunctionName=names.LIMITER_FUNCTION), 60, "a throttle"
        )
        subscriber.await_alarms({"lambda_throttles"}, 4)
        subscriber.pass_minutes(15)
        subscriber.await_alarms({"ingress_queue_not_taken"}, 6)
        subscriber.skip_minutes(8 * 24 * 60)
        subscriber.await_alarms(LIMITER_IS_KEPT_FROM_RUNNING, 4)
    finally:
        pipeline.clients.lambda_.delete_function_concurrency(**function)
    with pipeline.without_scraper():
        until(lambda: _visible(pipeline) <= 100, 60, "the limiter taking them")
        subscriber.await_ends({"ingress_queue_not_taken"}, after_minutes=1)
        pipeline.forget()
        subscriber.await_ends(LIMITER_IS_KEPT_FROM_RUNNING)


def test_a_limiter_that_fails(subscriber: Subscriber, pipeline: Pipeline) -> None:
    """Its role may not read the state table, until it may."""
    role = permissions.limiter_role(pipeline.clients)
    with permissions.without(pipeline.clients, role, "dynamodb:GetItem"):
        _fill_ingress(pipeline, 550, lambda number: json.dumps(_payload(CREATORS[number % 12], number)))
        until(
            lambda: subscriber.total("AWS/Lambda", "Errors", FunctionName=names.LIMITER_FUNCTION) > 50, 60, "51 errors"
        )
        subscriber.await_alarms(LIMITER_FAILS, 2)
        pipeline.forget()
    job = _message(pipeline, CREATORS[0])
    pipeline.await_results([job], 60)
    subscriber.await_ends(LIMITER_FAILS)


def test_poison_that_is_set_aside(subscriber: Subscriber, pipeline: Pipeline) -> None:
    """One message that is no job, then more than a hundred; an operator removes them."""
    dlq = pipeline.run.ingress_dlq_url
    _fill_ingress(pipeline, 1, lambda _: "no job")
    until(lambda: pipeline.depth(dlq) == 1, 60, "the message in the DLQ")
    subscriber.await_alarms({"dlq_messages_warning"}, 3)
    assert "dlq_messages_critical" not in subscriber.alarms("ALARM")
    _fill_ingress(pipeline, 100, lambda number: f"no job {number}")
    until(lambda: pipeline.depth(dlq) == 101, 60, "the messages in the DLQ")
    subscriber.await_alarms(POISON_COMES, 3)

    pipeline.clients.sqs.purge_queue(QueueUrl=dlq)
    subscriber.await_ends(POISON_COMES)


def test_a_rotation_that_fails(subscriber: Subscriber, pipeline: Pipeline, site: SiteControl) -> None:
    """The site wants a human at the log-in; an hour later it does not."""
    secrets, secret = pipeline.clients.secretsmanager, pipeline.run.credentials_secret_id
    before = secrets.get_secret_value(SecretId=secret)["SecretString"]
    account = next(it for it in site.accounts() if not it["totp_secret"])
    held = json.dumps({"username": account["username"], "password": account["password"]})
    secrets.put_secret_value(SecretId=secret, SecretString=held)
    site.faults({"match": {"path": "/api/login"}, "fault": {"kind": "challenge"}})
    secrets.rotate_secret(SecretId=secret)
    try:
        until(lambda: subscriber.total("AWS/Lambda", "Errors", FunctionName=names.ROTATION_FUNCTION), 60, "the failure")
        subscriber.await_alarms(ROTATION_FAILS, 4)
        assert secrets.get_secret_value(SecretId=secret)["SecretString"] == held
        site.faults()
        subscriber.pass_minutes(61)
        until(lambda: secrets.get_secret_value(SecretId=secret)["SecretString"] != held, 60, "the rotation")
        subscriber.await_ends(ROTATION_FAILS)
    finally:
        secrets.put_secret_value(SecretId=secret, SecretString=before)


def test_pages_that_burn_cpu(subscriber: Subscriber, pipeline: Pipeline, site: SiteControl, clock: Clock) -> None:
    """A page whose scripts never rest, for ten minutes."""
    site.faults({"match": {"path": "/creator-*"}, "fault": {"kind": "status", "status": 200, "body": BURNING_PAGE}})
    speed = clock.state().speed
    clock.set_speed(SLOW)  # so that no page is given up while it burns
    cpu_share = _cpu_share(pipeline)  # over a longer time than the emulator's: it measures from the end of this minute
    subscriber.skip_minutes(1, restless=True)
    job = pipeline.send({"action": "scrape_profile", "creator_id": CREATORS[0], "profile_url": f"/{CREATORS[0]}"})

    def burns() -> bool:
        _prioritise(pipeline, URGENT)  # each time: Chromium gives its new threads a priority of its own
        return cpu_share() > 0.85

    until(burns, 200, "burning")
    subscriber.skip_minutes(11, restless=True)
    site.faults()
    _prioritise(pipeline, 0)
    clock.set_speed(speed)
    subscriber.await_alarms(PAGES_BURN_CPU, 1)

    pipeline.await_results([job], 120)
    subscriber.await_ends(PAGES_BURN_CPU)


def _ours(metric: Metric) -> tuple[str, str]:
    return NAMESPACE, str(metric)


def _posts() -> dict[str, str]:
    return {"method": "POST", "path": "/api/chats/*/messages"}


def _payload(creator: str, number: int) -> dict[str, Any]:
    return {
        "action": "send_message",
        "creator_id": creator,
        "user_id": f"fan-{1 + number % 10:03}",
        "message_content": f"Message no. {number}",
        "timestamp": "2026-01-01T00:00:00Z",
    }


def _message(pipeline: Pipeline, creator: str) -> SentJob:
    payload = _payload(creator, 0)
    del payload["timestamp"]
    return pipeline.send(payload)


def _fill_ingress(pipeline: Pipeline, number: int, body: Callable[[int], str]) -> None:
    for start in range(0, number, 10):
        entries = [{"Id": str(each), "MessageBody": body(each)} for each in range(start, min(start + 10, number))]
        pipeline.clients.sqs.send_message_batch(
            QueueUrl=pipeline.run.ingress_queue_url,
            Entries=entries,  # type: ignore[arg-type]
        )


def _visible(pipeline: Pipeline) -> int:
    name = "ApproximateNumberOfMessages"
    url = pipeline.run.ingress_queue_url
    return int(pipeline.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def _prioritise(pipeline: Pipeline, niceness: int) -> None:
    """Let the task's processes go before others, where that may be said: on Fargate its cores are its own."""
    for process in _processes(_task_pid(pipeline)):
        with suppress(OSError):
            session = os.getsid(process.pid)  # Chromium has one of its own
            os.setpriority(os.PRIO_PGRP, session, niceness)
            Path(f"/proc/{session}/autogroup").write_text(str(niceness))  # where the kernel schedules by sessions


def _cpu_share(pipeline: Pipeline) -> Callable[[], float]:
    """Return what tells the scraper's CPU time per second since now."""
    pid = _task_pid(pipeline)
    begun, before = time.monotonic(), _cpu_seconds(pid)
    return lambda: (_cpu_seconds(pid) - before) / max(time.monotonic() - begun, 1.0)


def _task_pid(pipeline: Pipeline) -> int:
    (task,) = http_client.get(f"{pipeline.run.aws_endpoint_url}/_emulator/ecs/tasks").json()
    return int(task["pid"])


def _processes(pid: int) -> list[psutil.Process]:
    task = psutil.Process(pid)
    return [task, *task.children(recursive=True)]


def _cpu_seconds(pid: int) -> float:
    used = 0.0
    for process in _processes(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system
    return used
