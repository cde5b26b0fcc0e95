"""Plan task 10.1: a message from the ingress queue to its result, and what the operator sees of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from localprocs.vclock import Clock

from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from tests import invariants, scraper_log
from tests.patience import until

CREATOR, FAN = "creator-04", "fan-002"
METRICS = (
    "rate_limit_allowed_count",
    "rate_limit_rejected_count",
    "scraping_success_rate",
    "scraping_duration_ms",
    "onlyfans_429_count",
    "onlyfans_5xx_count",
    "onlyfans_4xx_count",
)
"""As the requirement lists them."""


@pytest.mark.browser
@pytest.mark.requirement("1.2", "1.5", "2.2", "2.3", "2.4", "4.2", "4.4")
def test_a_job_goes_from_the_ingress_queue_to_its_result_and_is_seen_all_the_way(
    pipeline: Pipeline, site: SiteControl
) -> None:
    """Forwarded with group, dedup id and attributes; done; result kept; logged."""
    body = {
        "action": "send_message",
        "creator_id": CREATOR,
        "user_id": FAN,
        "message_content": "From end to end",
        "timestamp": datetime.now(UTC).isoformat(),
        "metadata": {"correlation_id": "trace-1", "priority": "high"},
    }

    job = pipeline.send(body)
    result = pipeline.await_results([job])[job.job_id]

    (forwarded,) = pipeline.journal(pipeline.run.workflows_queue_url)
    assert json.loads(forwarded["body"]) == body
    assert (forwarded["group_id"], forwarded["deduplication_id"]) == (CREATOR, job.job_id)
    assert {"rate_limit_timestamp", "tokens_remaining", "rate_limiter_version"} <= set(forwarded["attributes"])
    assert result["status"] == "succeeded"
    assert result["correlation_id"] == "trace-1"
    until(lambda: pipeline.journal(pipeline.run.workflows_queue_url)[0]["deleted"], what="deletion")
    (decision,) = until(lambda: pipeline.decisions(job), what="the log line of the decision")
    assert decision["allowed"] is True
    assert "tokens_remaining" in decision
    (ended,) = until(lambda: scraper_log.lines(pipeline, "job_ended", job), what="the log line of the end")
    assert {"message_id", "creator_id", "action", "status", "error", "duration_ms", "correlation_id"} <= set(ended)
    invariants.check(pipeline, site, [job])


@pytest.mark.browser
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


@pytest.mark.browser
@pytest.mark.requirement("5.4")
def test_each_metric_is_published(pipeline: Pipeline, site: SiteControl, clock: Clock) -> None:
    """Eleven jobs, of which one has to wait for its token, and a 429, a 503 and a 422 of the site."""
    clock.jump(60 - clock.now() % 60)  # what is counted from now on stands in a minute of its own
    begun = datetime.fromtimestamp(clock.now() // 60 * 60, UTC)
    site.faults(
        *(
            {"match": {"path": "/api/chats/*", "account": account}, "fault": {"kind": "status", "status": status}}
            for account, status in (("creator-01", 429), ("creator-02", 503), ("creator-03", 422))
        )
    )

    for number in range(1, 12):
        pipeline.send({"action": "get_messages", "creator_id": f"creator-{number:02}", "user_id": FAN})

    for metric in METRICS:
        until(lambda metric=metric: _sum(pipeline, metric, begun, clock) > 0, what=f"publishing {metric}")


def _sum(pipeline: Pipeline, metric: str, begun: datetime, clock: Clock) -> float:
    answer = pipeline.clients.cloudwatch.get_metric_statistics(
        Namespace="Huntaze/OnlyFans",
        MetricName=metric,
        StartTime=begun,
        EndTime=datetime.fromtimestamp(clock.now(), UTC) + timedelta(minutes=2),
        Period=60,
        Statistics=["Sum"],
    )
    return sum(it["Sum"] for it in answer["Datapoints"])
