"""A workflows queue that is deeper than the limiter lets it become within minutes."""

import json
from datetime import UTC, datetime
from typing import Any

from emulator.harness.pipeline import Pipeline, SentJob
from huntaze_scraper import jobs

BATCH = 10


def fill_workflows_queue(pipeline: Pipeline, messages: int, accounts: int = 12) -> list[SentJob]:
    """Put so many jobs on the workflows queue, past the limiter: reads of short conversations."""
    sent: list[SentJob] = []
    for start in range(0, messages, BATCH):
        entries: list[Any] = []
        for number in range(start, min(start + BATCH, messages)):
            payload = {
                "action": "get_messages",
                "creator_id": f"creator-{1 + number % accounts:02}",
                "user_id": f"fan-{1 + number % 10:03}",
                "timestamp": datetime.now(UTC).isoformat(),
                "number": number,
            }
            body = json.dumps(payload)
            job = jobs.parse(body)
            sent.append(SentJob(job.job_id, "", job.account, job.payload))
            entries.append(
                {
                    "Id": str(number),
                    "MessageBody": body,
                    "MessageGroupId": job.group_id,
                    "MessageDeduplicationId": job.job_id,
                }
            )
        answer = pipeline.clients.sqs.send_message_batch(QueueUrl=pipeline.run.workflows_queue_url, Entries=entries)
        assert not answer.get("Failed")
    return sent
