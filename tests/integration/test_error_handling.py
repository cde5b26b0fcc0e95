"""Plan task 10.3: what the site answers decides what becomes of a job."""

import json
from itertools import pairwise
from typing import Any

import pytest

from emulator.harness.pipeline import Pipeline, SentJob
from emulator.harness.site_control import SiteControl
from huntaze_scraper.state.keys import Kind
from tests import invariants, scraper_log
from tests.patience import until

VISIBILITY_SECONDS = 300
POST = {"method": "POST", "path": "/api/chats/*/messages", "account": "creator-01"}


@pytest.fixture
def job(pipeline: Pipeline) -> SentJob:
    """A message to a fan, sent after the test has set its faults: tests take it by ``request.getfixturevalue``."""
    return pipeline.send(
        {
            "action": "send_message",
            "creator_id": "creator-01",
            "user_id": "fan-001",
            "message_content": "Hello again",
            "metadata": {"correlation_id": "trace-2"},
        }
    )


def posts(site: SiteControl) -> list[dict[str, Any]]:
    """The attempts that reached the site."""
    return [it for it in site.requests() if it["method"] == "POST" and "/messages" in it["path"]]


def forwarded(pipeline: Pipeline) -> dict[str, Any]:
    """The one message that went through the workflows queue."""
    (message,) = pipeline.journal(pipeline.run.workflows_queue_url)
    return message


def errors(pipeline: Pipeline, job: SentJob, error_class: str, count: int) -> list[dict[str, Any]]:
    """The errors of a class, so many, that the scraper logged about the job; besides, an old session may have ended."""

    def found() -> list[dict[str, Any]]:
        return [it for it in scraper_log.lines(pipeline, "site_error", job) if it["error_class"] == error_class]

    until(lambda: len(found()) >= count, what=f"logging {count} errors")
    assert len(found()) == count
    return found()


def ledger(pipeline: Pipeline, job: SentJob) -> dict[str, Any]:
    """The job's ledger entry."""
    key = {"pk": {"S": Kind.JOB.key(job.job_id)}}
    return dict(pipeline.clients.dynamodb.get_item(TableName=pipeline.run.state_table, Key=key)["Item"])


@pytest.mark.browser
@pytest.mark.requirement("7.1", "4.3")
def test_a_429_sends_the_job_back_without_counting_a_failure(
    pipeline: Pipeline, site: SiteControl, request: pytest.FixtureRequest
) -> None:
    """It comes back after Retry-After, and then succeeds; no failure stands in the ledger."""
    site.faults({"match": POST, "fault": {"kind": "status", "status": 429, "retry_after": 30}, "times": 1})
    job: SentJob = request.getfixturevalue("job")

    result = pipeline.await_results([job], 90)[job.job_id]

    assert result["status"] == "succeeded"
    first, second = posts(site)
    assert 30 <= second["time"] - first["time"] < 120, "it came back by itself, when its visibility ended"
    assert int(ledger(pipeline, job)["attempts"]["N"]) == 2
    assert int(ledger(pipeline, job)["failures"]["N"]) == 0
    invariants.check(pipeline, site, [job])


@pytest.mark.browser
@pytest.mark.requirement("7.2")
def test_a_5xx_is_tried_again_after_1_2_and_4_seconds_in_the_same_processing(
    pipeline: Pipeline, site: SiteControl, request: pytest.FixtureRequest
) -> None:
    """Three 503 are got over without the message going back."""
    site.faults({"match": POST, "fault": {"kind": "status", "status": 503}, "times": 3})
    job: SentJob = request.getfixturevalue("job")

    result = pipeline.await_results([job], 90)[job.job_id]

    assert result["status"] == "succeeded"
    moments = [it["time"] for it in posts(site)]
    waits = [later - earlier for earlier, later in pairwise(moments)]
    assert [wait >= least for wait, least in zip(waits, (1, 2, 4), strict=True)] == [True] * 3
    assert [it["wait_seconds"] for it in errors(pipeline, job, "server_error", 3)] == [1, 2, 4]
    assert int(ledger(pipeline, job)["attempts"]["N"]) == 1
    invariants.check(pipeline, site, [job])


@pytest.mark.browser
@pytest.mark.requirement("7.3")
def test_another_4xx_is_final_deleted_and_never_tried_again(
    pipeline: Pipeline, site: SiteControl, request: pytest.FixtureRequest
) -> None:
    """One attempt, a result that says why, no message left anywhere."""
    site.faults({"match": POST, "fault": {"kind": "status", "status": 422}})
    job: SentJob = request.getfixturevalue("job")

    result = pipeline.await_results([job], 90)[job.job_id]

    assert result["status"] == "rejected"
    assert result["error"]["class"] == "client_error"
    until(lambda: forwarded(pipeline)["deleted"], what="deletion")
    assert len(posts(site)) == 1
    assert [it["http_status"] for it in errors(pipeline, job, "client_error", 1)] == [422]
    invariants.check(pipeline, site, [job])


@pytest.mark.browser
@pytest.mark.requirement("4.5", "7.5")
def test_a_job_that_failed_three_times_is_buried_with_its_reason(
    pipeline: Pipeline, site: SiteControl, request: pytest.FixtureRequest
) -> None:
    """It stays away twice as long after its second failure; then it lies in the workflows DLQ with all that is known."""
    site.faults({"match": POST, "fault": {"kind": "status", "status": 500}})
    job: SentJob = request.getfixturevalue("job")

    result = pipeline.await_results([job], 120)[job.job_id]

    assert result["status"] == "dead"
    invariants.check(pipeline, site, [job])
    (dead,) = pipeline.journal(pipeline.run.workflows_dlq_url)
    assert json.loads(dead["body"]) == job.payload
    assert dead["attributes"]["error_class"] == "server_error"
    assert dead["attributes"]["status"] == "500"
    assert dead["attributes"]["result_key"] == pipeline.result_key(job)
    assert int(ledger(pipeline, job)["attempts"]["N"]) == 3
    moments = [it["time"] for it in posts(site)]
    assert len(moments) == 3 * 4
    assert 60 <= moments[4] - moments[3] < VISIBILITY_SECONDS
    assert 120 <= moments[8] - moments[7] < VISIBILITY_SECONDS
    ends = until(lambda: found if len(found := scraper_log.lines(pipeline, "job_ended", job)) == 3 else [])
    assert [it["comes_back_seconds"] for it in ends] == [60, 120, None]
    told = {"http_status": 500, "creator_id": "creator-01", "correlation_id": "trace-2"}
    for line in errors(pipeline, job, "server_error", 12):
        assert line | told == line
        assert line["request"] == "POST /api/chats/fan-001/messages"
