"""Whether a smoke job would soon be carried out: one that nobody takes says nothing of a deployment."""

from collections.abc import Iterator
from typing import Any

from huntaze_scraper import names
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.target import Target
from huntaze_scraper.settings import RateLimiterSettings
from huntaze_scraper.state import pause
from huntaze_scraper.state.keys import Kind
from infra_cdk.release.stacks import Stacks

MOST_WAIT_MINUTES = 30


def require(stacks: Stacks, creator: str) -> None:
    """Refuse where something on the job's way is paused, or where too many jobs wait before it.

    Raises:
        TellOperator: says what stands in its way.
    """
    if not all(stacks.status(name) for name in names.PIPELINE_STACKS):
        return  # nothing is deployed yet that could be paused
    if obstacles := list(_obstacles(stacks, creator)):
        raise TellOperator(f"{'; '.join(obstacles)}: a smoke job would wait. Resume, or deploy with --no-smoke")


def _obstacles(stacks: Stacks, creator: str) -> Iterator[str]:
    pipeline = stacks.target
    if not {"Disabled", "Disabling"}.isdisjoint(stacks.mapping_states()):
        yield "the intake is paused"
    if stacks.service()["desiredCount"] == 0:
        yield "the scraper is paused"
    if pause.until(pipeline.state.get(Kind.PAUSE.key(creator))) > pipeline.now().timestamp():
        yield f"{creator} is paused"
    minutes = _waiting(pipeline) / RateLimiterSettings.rate_limit_capacity
    if minutes > MOST_WAIT_MINUTES:
        yield f"what waits on the ingress queue takes {minutes:.0f} minutes"


def _waiting(pipeline: Target) -> int:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = pipeline.clients.sqs.get_queue_attributes(QueueUrl=pipeline.ingress_queue_url, AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)
