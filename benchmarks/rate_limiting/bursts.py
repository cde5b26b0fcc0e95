"""A burst through a limiter, and what the queues say of it afterwards."""

import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from localprocs.vclock import Clock, NotWithin

from benchmarks.rate_limiting.contestants import Contestant
from emulator.harness import log_groups
from emulator.harness.pipeline import Pipeline
from emulator.harness.virtual_time import WallClock

CREATORS = 1
"""A burst is one creator's campaign."""
WINDOW_SECONDS = 60
LOOK_SECONDS = 30.0
REAL_PATIENCE_SECONDS = 300.0
"""How long a busy machine may take from one leap of time to the next."""
SECONDS_A_MESSAGE = 15.0
"""Virtual seconds after which a burst is given up, at 4 a minute; and half an hour for those that are few."""


@dataclass(frozen=True)
class Figures:
    """What a burst came to."""

    limiter: str
    burst: int
    receives_a_message: float
    most_receives: int
    store_calls_a_message: float
    worst_window: int
    lost: int
    in_dlq: int
    duplicates: int
    out_of_order: int
    virtual_minutes: float
    real_seconds: float


def run(
    pipeline: Pipeline, limiter: Contestant, burst: int, clock: Clock | WallClock, tell: Callable[[str], None]
) -> Figures:
    """Send the burst at once and wait until all of it is on the workflows queue."""
    name = uuid.uuid4().hex
    seen = {url: len(pipeline.journal(url)) for url in (limiter.ingress_url, limiter.dlq_url, limiter.workflows_url)}
    lines = len(batches(pipeline, limiter))
    begun = time.monotonic()
    send(pipeline, limiter.ingress_url, name, burst)

    def since(url: str) -> list[dict[str, Any]]:
        return pipeline.journal(url)[seen[url] :]

    def is_over() -> bool:
        tell(f"{limiter.name}, burst of {burst}: {len(since(limiter.workflows_url))} forwarded")
        # What is doubled or set aside comes after the last that was to come.
        return len(since(limiter.workflows_url)) >= burst and not pipeline.depth(limiter.ingress_url)

    with suppress(NotWithin):
        clock.until(is_over, within=burst * SECONDS_A_MESSAGE + 1800, each=LOOK_SECONDS)
    real_seconds = time.monotonic() - begun
    forwarded, received = since(limiter.workflows_url), since(limiter.ingress_url)
    sent = sorted(it["sent"] for it in forwarded)
    bodies = {it["body"] for it in forwarded}
    return Figures(
        limiter=limiter.name,
        burst=burst,
        receives_a_message=sum(it["receive_count"] for it in received) / burst,
        most_receives=max(it["receive_count"] for it in received),
        store_calls_a_message=sum(it["store_calls"] for it in batches(pipeline, limiter)[lines:]) / burst,
        worst_window=max(sum(start <= it < start + WINDOW_SECONDS for it in sent) for start in sent),
        lost=burst - len(bodies),
        in_dlq=len(since(limiter.dlq_url)),
        duplicates=len(forwarded) - len(bodies),
        out_of_order=_out_of_order([json.loads(it["body"]) for it in forwarded]),
        virtual_minutes=(sent[-1] - received[0]["sent"]) / 60,
        real_seconds=real_seconds,
    )


def send(pipeline: Pipeline, url: str, name: str, burst: int, creators: int = CREATORS) -> None:
    """Put the burst on a queue."""

    def ten(start: int) -> None:
        entries: Any = [
            {"Id": str(number), "MessageBody": json.dumps(job(name, number, creators))}
            for number in range(start, min(start + 10, burst))
        ]
        answer = pipeline.clients.sqs.send_message_batch(QueueUrl=url, Entries=entries)
        if answer.get("Failed"):
            raise RuntimeError(answer["Failed"])

    with ThreadPoolExecutor(1) as pool:
        list(pool.map(ten, range(0, burst, 10)))


def job(name: str, number: int, creators: int = CREATORS) -> dict[str, Any]:
    """Return a job of the burst of that name."""
    return {
        "action": "get_messages",
        "creator_id": f"creator-{number % creators}",
        "user_id": "fan",
        "timestamp": "2025-01-01T00:00:00Z",
        "metadata": {"campaign_id": name},
        "number": number,
    }


def batches(pipeline: Pipeline, limiter: Contestant) -> list[dict[str, Any]]:
    """Return what the limiter said of each batch."""
    lines = log_groups.lines(f"/aws/lambda/{limiter.function}", pipeline.clients)
    records = [json.loads(line) for line in lines if line.startswith("{")]
    return [it for it in records if it.get("message") == "batch"]


def _out_of_order(jobs: list[dict[str, Any]]) -> int:
    """Count the jobs that came after a later one of their creator."""
    latest: dict[str, int] = {}
    count = 0
    for job in jobs:
        creator, number = job["creator_id"], job["number"]
        count += number < latest.get(creator, -1)
        latest[creator] = max(latest.get(creator, -1), number)
    return count
