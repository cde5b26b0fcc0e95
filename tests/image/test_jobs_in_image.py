"""What was built carries out jobs: the image itself, on the emulator and the fake site."""

from typing import Any

import pytest

from emulator.harness.clients import http_client
from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from tests import invariants
from tests.patience import until

CREATOR, FAN = "creator-04", "fan-002"
PATIENCE_SECONDS = 900.0
"""An emulated processor is some twenty times slower, and the machine may have other work."""
pytestmark = [pytest.mark.browser, pytest.mark.timeout(3600)]


def message(pipeline: Pipeline, text: str) -> SentJob:
    return pipeline.send({"action": "send_message", "creator_id": CREATOR, "user_id": FAN, "message_content": text})


def task(pipeline: Pipeline, status: str = "RUNNING") -> dict[str, Any]:
    """The service's task, or the one that ended last."""
    ecs, cluster = pipeline.clients.ecs, pipeline.run.ecs_cluster
    arns = ecs.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return dict(max(tasks, key=lambda it: it["createdAt"]))


def ended(pipeline: Pipeline) -> dict[str, Any] | None:
    """The task that was told to stop, once it has."""
    found = task(pipeline, "STOPPED")
    return found if found["lastStatus"] == "STOPPED" else None


def health(pipeline: Pipeline) -> dict[str, Any]:
    """What the task answers at /health, with the status of its answer."""
    (binding,) = task(pipeline)["containers"][0]["networkBindings"]
    answer = http_client.get(f"http://127.0.0.1:{binding['hostPort']}/health", timeout=60)
    return {**answer.json(), "code": answer.status_code}


def test_it_logs_in_writes_reads_and_is_well(pipeline: Pipeline, site: SiteControl) -> None:
    """A message by an account that has no session yet, a profile with its picture, and a task that says that it is well."""
    sent = message(pipeline, "From the image")
    profile = pipeline.send(
        {"action": "scrape_profile", "creator_id": CREATOR, "profile_url": f"{pipeline.run.site_url}/{CREATOR}"}
    )

    results = pipeline.await_results([sent, profile], PATIENCE_SECONDS)

    assert {it["status"] for it in results.values()} == {"succeeded"}
    assert [it["text"] for it in site.messages()] == ["From the image"]
    assert [it["path"] for it in site.requests() if it["path"] == "/api/login"] == ["/api/login"]
    bucket = pipeline.run.results_bucket
    key = results[profile.job_id]["data"]["screenshot"].removeprefix(f"s3://{bucket}/")
    picture = pipeline.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert picture.startswith(b"\x89PNG")
    until(lambda: not health(pipeline)["in_hand"], PATIENCE_SECONDS, "the last message's deletion")
    assert health(pipeline) | {"polling": "ok"} == {
        "code": 200,
        "status": "ok",
        "stopping": False,
        "browser": "running",
        "polling": "ok",
        "breaker": "closed",
        "missing": [],
        "in_hand": 0,
        "jobs": [],
    }
    invariants.check(pipeline, site, [sent, profile])


def test_a_task_that_is_told_to_stop_ends_its_job_and_itself(pipeline: Pipeline, site: SiteControl) -> None:
    """SIGTERM while the site has the message in hand: it is sent once, and the task ends with 0 of its own accord."""
    send = {"method": "POST", "path": "/api/chats/*/messages"}
    site.faults({"match": send, "fault": {"kind": "delay", "seconds": 5}})
    sent = message(pipeline, "Before the end")
    until(
        lambda: [it for it in site.requests() if it["method"] == "POST" and "/chats/" in it["path"]], PATIENCE_SECONDS
    )

    with pipeline.scaled_to(0):
        stopped = until(lambda: ended(pipeline), PATIENCE_SECONDS)

    assert stopped
    assert stopped["containers"][0]["exitCode"] == 0
    result = pipeline.await_results([sent], PATIENCE_SECONDS)[sent.job_id]
    assert result["status"] == "succeeded"
    assert [it["text"] for it in site.messages()] == ["Before the end"]
    invariants.check(pipeline, site, [sent])
