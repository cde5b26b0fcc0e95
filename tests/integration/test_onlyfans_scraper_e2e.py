"""Plan task 10.1: a message from the ingress queue to its result, and what the operator sees of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from emulator.vclock import Clock
from huntaze_scraper.metric_names import NAMESPACE, Metric
from tests import invariants
from tests.patience import until

CREATOR, FAN = "creator-04", "fan-002"


@pytest.mark.browser
@pytest.mark.requirement("1.2", "1.5", "2.1", "2.2", "2.3", "2.4", "3.4", "4.2", "4.4", "5.4")
def test_a_job_goes_from_the_ingress_queue_to_its_result_and_is_seen_all_the_way(
    pipeline: Pipeline, site: SiteControl, clock: Clock
) -> None:
    """Forwarded with group, dedup id and attributes; done; result kept; logged; counted."""
    body = {
        "action": "send_message",
        "creator_id": CREATOR,
        "user_id": FAN,
        "message_content": "From end to end",
        "timestamp": datetime.now(UTC).isoformat(),
        "metadata": {"correlation_id": "trace-1", "priority": "high"},
    }
    begun = datetime.fromtimestamp(clock.now(), UTC)

    job = pipeline.send(body)
    result = pipeline.await_results([job])[job.job_id]

    (forwarded,) = pipeline.journal(pipeline.run.workflows_queue_url)
    assert json.loads(forwarded["body"]) == body
    assert (forwarded["group_id"], forwarded["deduplication_id"]) == (CREATOR, job.job_id)
    assert {"rate_limit_timestamp", "tokens_remaining", "rate_limiter_version"} <= set(forwarded["attributes"])
    assert result["status"] == "succeeded"
    assert result["correlation_id"] == "trace-1"
    until(lambda: pipeline.journal(pipeline.run.workflows_queue_url)[0]["deleted"], 10, "deletion")
    (decision,) = pipeline.decisions(job)
    assert decision["allowed"] is True
    assert "tokens_remaining" in decision
    ended = until(lambda: _log_lines(pipeline, job.job_id, "job_ended"), 30, "the log line of the end")
    assert {"message_id", "creator_id", "action", "status", "duration_ms", "correlation_id"} <= set(ended[0])
    for metric in (Metric.RATE_LIMIT_ALLOWED_COUNT, Metric.SCRAPING_SUCCESS_RATE, Metric.SCRAPING_DURATION_MS):
        until(lambda metric=metric: _is_published(pipeline, metric, begun, clock), 60, f"publishing {metric}")
    invariants.check(pipeline, site, [job])


@pytest.mark.browser
@pytest.mark.requirement("2.1", "3.5", "8.5")
def test_each_action_has_its_result(pipeline: Pipeline, site: SiteControl) -> None:
    """All four actions, one account with a second factor among them."""
    account = next(it for it in site.accounts() if it["totp_secret"])["username"]
    media = f"{pipeline.run.site_url}/media/{account}-01.jpg"
    sent = [
        pipeline.send({"creator_id": account, **payload})
        for payload in (
            {"action": "send_message", "user_id": FAN, "message_content": "Hello"},
            {"action": "get_messages", "user_id": FAN},
            {"action": "scrape_profile", "profile_url": f"{pipeline.run.site_url}/{account}"},
            {"action": "download_media", "media_urls": [media]},
        )
    ]

    results = pipeline.await_results(sent, 90)

    assert {results[job.job_id]["action"]: results[job.job_id]["status"] for job in sent} == dict.fromkeys(
        ("send_message", "get_messages", "scrape_profile", "download_media"), "succeeded"
    )


def _log_lines(pipeline: Pipeline, job_id: str, event: str) -> list[dict[str, object]]:
    found = pipeline.clients.logs.filter_log_events(
        logGroupName="/huntaze/production/onlyfans-scraper", filterPattern=f'"{job_id}"'
    )
    lines = [json.loads(it["message"]) for it in found["events"] if it["message"].startswith("{")]
    return [line for line in lines if line["event"] == event]


def _is_published(pipeline: Pipeline, metric: Metric, begun: datetime, clock: Clock) -> bool:
    answer = pipeline.clients.cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=metric,
        StartTime=begun - timedelta(minutes=2),
        EndTime=datetime.fromtimestamp(clock.now(), UTC) + timedelta(minutes=2),
        Period=60,
        Statistics=["SampleCount"],
    )
    return bool(answer["Datapoints"])
