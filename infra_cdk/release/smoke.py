"""A job from end to end that reads a creator's own profile, and leaves nothing behind but log lines and metrics."""

import json
import time
import uuid
from typing import Any

from huntaze_scraper import jobs, names
from huntaze_scraper.jobs import Job
from huntaze_scraper.operations.dead_letter_queue import DeadLetterQueue
from huntaze_scraper.operations.dead_letters import Selection
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.target import Target
from huntaze_scraper.state.job_entry import FINAL, JobEntry, State
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.worker import results
from infra_cdk.release.stacks import Stacks

LOOK_AGAIN_SECONDS = 0.5
ROUND = 1000
ENDED = FINAL | {State.DEAD}


def run(stacks: Stacks, creator: str, timeout_seconds: float) -> dict[str, Any]:
    """Run the job, remove its traces however it ended, and return its result.

    Raises:
        TellOperator: it did not succeed within the time after its turn has come.
    """
    target = stacks.target
    site = stacks.parameters(names.SCRAPER_STACK)["SiteUrl"].rstrip("/")
    body = json.dumps(
        {
            "action": "scrape_profile",
            "creator_id": creator,
            "profile_url": f"{site}/{creator}",
            "timestamp": target.now().isoformat(),
            "metadata": {"correlation_id": f"smoke-{uuid.uuid4()}"},
        }
    )
    job = jobs.parse(body)
    target.clients.sqs.send_message(QueueUrl=target.ingress_queue_url, MessageBody=body)
    try:
        result = _await(target, job, timeout_seconds)
    finally:
        _remove_traces(target, job)
    if result["status"] != "succeeded":
        raise TellOperator(f"the smoke job ended as {result['status']}: {json.dumps(result.get('error'))}")
    return result


def _await(target: Target, job: Job, timeout_seconds: float) -> dict[str, Any]:
    deadline, slot_at = time.monotonic() + timeout_seconds, 0.0
    while time.monotonic() < deadline:
        if _state(target, job) in ENDED:
            key = results.key(job.account, job.job_id)
            answer = target.clients.s3.get_object(Bucket=target.results_bucket, Key=key)
            return dict(json.loads(answer["Body"].read()))
        if not slot_at and (slot_at := target.state.get(Kind.SLOT.key(job.job_id)).get("slot_at", 0) / 1000):
            # In a burst its turn comes later; its time begins then.
            deadline = time.monotonic() + max(0, slot_at - target.now().timestamp()) + timeout_seconds
        time.sleep(LOOK_AGAIN_SECONDS)
    where = _state(target, job) or "before the scraper"
    raise TellOperator(f"the smoke job {job.job_id[:12]} did not end within {timeout_seconds:g} s of its turn: {where}")


def _state(target: Target, job: Job) -> State | None:
    return JobEntry.read(target.state.get(Kind.JOB.key(job.job_id))).state


def _remove_traces(target: Target, job: Job) -> None:
    """Delete its dead letter, every version of its objects, and its items where it has ended.

    Without its ledger entry a job that still runs could run twice: that one is left to expire.
    """
    state = _state(target, job)
    if state is State.DEAD:
        queue = DeadLetterQueue(target, "workflows")
        with queue.held(ROUND) as letters:
            for letter in filter(Selection(ids=(job.job_id,)).takes, letters):
                queue.delete(letter)
    prefix = results.prefix(job.account, job.job_id)
    pages = target.clients.s3.get_paginator("list_object_versions").paginate(
        Bucket=target.results_bucket, Prefix=prefix
    )
    for page in pages:
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            target.clients.s3.delete_object(
                Bucket=target.results_bucket, Key=version["Key"], VersionId=version["VersionId"]
            )
    if state in ENDED:
        for kind in (Kind.JOB, Kind.SLOT):
            target.state.delete(kind.key(job.job_id))
