"""A campaign with late-comers: what it costs, and how long each kind of job waits."""

import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Any

from localprocs.vclock import Clock, NotWithin

from benchmarks.rate_limiting.bursts import LOOK_SECONDS, REAL_PATIENCE_SECONDS, SECONDS_A_MESSAGE, batches
from benchmarks.rate_limiting.contestants import Contestant
from emulator.harness.pipeline import Pipeline
from emulator.harness.virtual_time import WallClock

LATE_SHARE = 5
"""One late-comer for so many of the campaign."""
SECONDS_A_TURN = 6.1
CAMPAIGN = "campaign"


@dataclass(frozen=True)
class Figures:
    """What a mix came to."""

    mix: str
    campaign: int
    late: int
    median_receives: float
    most_receives: int
    store_calls_a_message: float
    worst_wait_of_late_seconds: float
    lost: int
    doubled: int
    messages_a_minute: float


def late_of_others(number: int) -> dict[str, Any]:
    """Return a job of an account with nothing waiting."""
    return {"creator_id": f"late-{number}"}


def late_and_urgent(number: int) -> dict[str, Any]:
    """Return an urgent job of an account that has the whole campaign waiting."""
    return {"creator_id": CAMPAIGN, "metadata": {"priority": "high"}, "number": number}


MIXES: Mapping[str, Callable[[int], dict[str, Any]]] = {"others": late_of_others, "urgent": late_and_urgent}


def run(
    pipeline: Pipeline,
    limiter: Contestant,
    clock: Clock | WallClock,
    mix: str,
    campaign: int,
    tell: Callable[[str], None],
) -> tuple[Figures, dict[str, list[float]]]:
    """Send the campaign at once and the late-comers one by one; return the figures, and the waits by kind, seconds."""
    seen = {url: len(pipeline.journal(url)) for url in (limiter.ingress_url, limiter.workflows_url)}
    lines = len(batches(pipeline, limiter))
    name, late = uuid.uuid4().hex, campaign // LATE_SHARE

    def send(kind: str, changes: Mapping[str, Any]) -> None:
        body = {"action": "get_messages", "user_id": "fan", "timestamp": "2025-01-01T00:00:00Z", "kind": kind}
        text = json.dumps(body | {"mix": name, "nonce": uuid.uuid4().hex} | changes)
        pipeline.clients.sqs.send_message(QueueUrl=limiter.ingress_url, MessageBody=text)

    for _ in range(campaign):
        send(CAMPAIGN, {"creator_id": CAMPAIGN})
    began = clock.now()
    for number in range(late):
        due = began + (number + 1) * campaign * SECONDS_A_TURN / (late + 1)
        tell(f"{mix}: {number} of {late} late-comers sent")
        clock.advance(max(0.0, due - clock.now()), patience_seconds=REAL_PATIENCE_SECONDS)
        send("late", MIXES[mix](number))

    def is_over() -> bool:
        count = len(pipeline.journal(limiter.workflows_url)) - seen[limiter.workflows_url]
        tell(f"{mix}: {count} of {campaign + late} forwarded")
        return count >= campaign + late and not pipeline.depth(limiter.ingress_url)

    with suppress(NotWithin):
        clock.until(is_over, within=(campaign + late) * SECONDS_A_MESSAGE, each=LOOK_SECONDS)
    forwarded = pipeline.journal(limiter.workflows_url)[seen[limiter.workflows_url] :]
    received = pipeline.journal(limiter.ingress_url)[seen[limiter.ingress_url] :]
    sent_at = {it["body"]: it["sent"] for it in received}
    waits: defaultdict[str, list[float]] = defaultdict(list)
    for it in forwarded:
        waits[json.loads(it["body"])["kind"]].append(it["sent"] - sent_at[it["body"]])
    receives, moments = [it["receive_count"] for it in received], sorted(it["sent"] for it in forwarded)
    bodies = {it["body"] for it in forwarded}
    figures = Figures(
        mix=mix,
        campaign=campaign,
        late=late,
        median_receives=median(receives),
        most_receives=max(receives),
        store_calls_a_message=sum(it["store_calls"] for it in batches(pipeline, limiter)[lines:]) / (campaign + late),
        worst_wait_of_late_seconds=max(waits["late"]),
        lost=campaign + late - len(bodies),
        doubled=len(forwarded) - len(bodies),
        messages_a_minute=(len(moments) - 10) / ((moments[-1] - moments[0]) / 60),
    )
    return figures, dict(waits)
