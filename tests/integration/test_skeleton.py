"""One real job goes all the way: queue, limiter, FIFO queue, browser, site, result."""

import json
from typing import Any

import pytest

from emulator.harness import log_groups
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.queues.attributes import as_sent, without_reasons
from tests.patience import until

MESSAGE = {
    "action": "send_message",
    "creator_id": "creator-01",
    "user_id": "fan-001",
    "message_content": "Good evening",
}


@pytest.mark.browser
@pytest.mark.requirement("1.2")
def test_a_message_reaches_the_fan_once_and_its_result_lies_in_the_bucket(
    pipeline: Pipeline, site: SiteControl
) -> None:
    """A send_message job ends as a message on the site and a result in S3."""
    job = pipeline.send(MESSAGE)

    result = pipeline.await_results([job])[job.job_id]

    assert result["status"] == "succeeded"
    assert [(it["account"], it["fan"], it["text"]) for it in site.messages()] == [
        ("creator-01", "fan-001", "Good evening")
    ]


@pytest.mark.browser
def test_a_profile_is_read(pipeline: Pipeline) -> None:
    """A scrape_profile job brings back what the page says."""
    job = pipeline.send(
        {"action": "scrape_profile", "creator_id": "creator-02", "profile_url": f"{pipeline.run.site_url}/creator-02"}
    )

    result = pipeline.await_results([job])[job.job_id]

    assert result["status"] == "succeeded"


@pytest.mark.browser
@pytest.mark.requirement("7.3")
def test_a_fan_who_does_not_exist_is_an_answer_not_a_retry(pipeline: Pipeline, site: SiteControl) -> None:
    """The job fails for good, with a result, and nothing is sent."""
    job = pipeline.send({**MESSAGE, "user_id": "nobody-at-all"})

    result = pipeline.await_results([job])[job.job_id]

    assert result["status"] == "rejected"
    assert site.messages() == []


POISON = {
    "no JSON": "not JSON",
    "against the schema": json.dumps(
        {"action": "dance", "creator_id": "creator-01", "timestamp": "2026-01-01T00:00:00Z"}
    ),
    "too large": json.dumps({**MESSAGE, "timestamp": "2026-01-01T00:00:00Z", "filler": "x" * 210_000}),
    "twice": '{"action": "send_message", "creator_id": "creator-01", "creator_id": "creator-02"}',
}


@pytest.mark.browser
def test_poison_messages_are_set_aside_with_their_reasons_and_hold_nothing_up(pipeline: Pipeline) -> None:
    """Each ends in the ingress DLQ with the reason that the log and ``send`` tell, too; the job beside them is done."""
    own: Any = {"reason": {"DataType": "String", "StringValue": "a campaign"}}
    own |= {f"name-{number}": {"DataType": "Number", "StringValue": "1"} for number in range(9)}
    for body in POISON.values():
        pipeline.clients.sqs.send_message(
            QueueUrl=pipeline.run.ingress_queue_url, MessageBody=body, MessageAttributes=own
        )
    job = pipeline.send(MESSAGE)

    assert pipeline.await_results([job])[job.job_id]["status"] == "succeeded"
    dead: dict[str, Any] = {}

    def are_dead() -> bool:
        found = pipeline.clients.sqs.receive_message(
            QueueUrl=pipeline.run.ingress_dlq_url, MessageAttributeNames=["All"], MaxNumberOfMessages=10
        )
        dead.update({it["Body"]: it["MessageAttributes"] for it in found.get("Messages", [])})
        return len(dead) == len(POISON)

    until(are_dead, what="the messages in the DLQ")
    log = log_groups.lines(f"/aws/lambda/{pipeline.run.lambda_function}", pipeline.clients)
    for kind, body in POISON.items():
        with pytest.raises(InvalidJob) as refused:
            jobs.parse(body)
        told = as_sent(dead[body])
        assert told["reason"]["StringValue"] == str(refused.value), kind
        assert without_reasons(told) == own, kind
        assert any(json.dumps(str(refused.value)) in line for line in log), kind
