"""Plan task 10.4: the service grows with the workflows queue and shrinks after it."""

import json
from datetime import UTC, datetime

import pytest

from emulator.harness.pipeline import Pipeline
from emulator.vclock import Clock
from huntaze_scraper import jobs
from tests.patience import until

MESSAGES = 500


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.requirement("3.1", "3.2", "3.3")
def test_500_messages_scale_the_service_out_and_an_empty_queue_scales_it_in(pipeline: Pipeline, clock: Clock) -> None:
    """Five tasks for 500 messages (target 100), the queue drains, and then the service comes back to one task."""
    pipeline.scale_to(0)
    try:
        _fill(pipeline)
        clock.set_speed(30)
        until(lambda: pipeline.desired_count() >= 5, 120, "scaling out")
        assert 5 <= pipeline.desired_count() <= 10
        clock.set_speed(5)
        until(lambda: pipeline.depth(pipeline.run.workflows_queue_url) < MESSAGES / 2, 240, "draining")
        until(lambda: pipeline.depth(pipeline.run.workflows_queue_url) == 0, 240, "emptying")
        clock.set_speed(60)
        until(lambda: pipeline.desired_count() == 1, 240, "scaling in")
    finally:
        pipeline.forget()
        pipeline.scale_to(1)


def _fill(pipeline: Pipeline) -> None:
    """Put the messages on the workflows queue, past the limiter: reads of short conversations, 12 accounts."""
    for start in range(0, MESSAGES, 10):
        entries = []
        for number in range(start, start + 10):
            payload = {
                "action": "get_messages",
                "creator_id": f"creator-{1 + number % 12:02}",
                "user_id": f"fan-{1 + number % 10:03}",
                "timestamp": datetime.now(UTC).isoformat(),
                "number": number,
            }
            job = jobs.parse(json.dumps(payload))
            entries.append(
                {
                    "Id": str(number),
                    "MessageBody": json.dumps(payload),
                    "MessageGroupId": job.group_id,
                    "MessageDeduplicationId": job.job_id,
                }
            )
        answer = pipeline.clients.sqs.send_message_batch(QueueUrl=pipeline.run.workflows_queue_url, Entries=entries)
        assert not answer.get("Failed")
