"""The way to the workflows queue: FIFO, one group an account, the dedup id made of the content."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from huntaze_scraper.clock import Clock
from huntaze_scraper.jobs import Job
from huntaze_scraper.queues import attributes, calls
from huntaze_scraper.queues.attributes import ADDED, ADDED_BYTES
from huntaze_scraper.queues.calls import SqsError
from huntaze_scraper.queues.limits import MAX_ENTRIES, MAX_MESSAGE_BYTES
from huntaze_scraper.rate_limiter import VERSION
from huntaze_scraper.rate_limiter.arrivals import Arrival

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Forward:
    """A message that has its token."""

    arrival: Arrival
    job: Job
    tokens_remaining: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of the messages handed over, by job id."""

    accepted: frozenset[str]
    refused: dict[str, str]
    """Certainly not on the queue: the error's code."""
    unknown: dict[str, str]
    """On the queue or not: the error's code."""


def send_to_workflows_queue(
    client: "SQSClient", queue_url: str, forwards: Sequence[Forward], *, clock: Clock, start_until: float
) -> Sent:
    """Send the messages, in order, in as few calls as may be, none begun after ``start_until``.

    Each entry of a call succeeds or fails by itself, so no call bears two messages of one group, and what failed keeps
    back what follows in its group: a later message must not overtake. After a call that failed no later one is made.
    """
    accepted: set[str] = set()
    refused: dict[str, str] = {}
    unknown: dict[str, str] = {}
    held: set[str] = set()
    for batch in _batches(forwards):
        now = clock.now()
        tried = [it for it in batch if it.job.group_id not in held and now <= start_until]
        refused.update((it.job.job_id, "NotTried") for it in batch if it not in tried)
        if not tried:
            continue
        try:
            failed = calls.send(client, queue_url, [_entry(it, now) for it in tried])
        except SqsError as error:
            outcome = refused if calls.is_refusal(error) else unknown
            outcome.update((it.job.job_id, calls.code(error)) for it in tried)
            held.update(it.job.group_id for it in forwards)
            continue
        for each in failed:
            outcome = refused if each.sender_fault else unknown
            outcome[tried[each.place].job.job_id] = each.code
            held.add(tried[each.place].job.group_id)
        accepted.update({it.job.job_id for it in tried} - refused.keys() - unknown.keys())
    return Sent(frozenset(accepted), refused, unknown)


def _batches(forwards: Sequence[Forward]) -> Iterator[list[Forward]]:
    batch: list[Forward] = []
    size = 0
    for it in forwards:
        more = it.arrival.size + ADDED_BYTES
        is_full = len(batch) == MAX_ENTRIES or size + more > MAX_MESSAGE_BYTES
        if batch and (is_full or it.job.group_id in {other.job.group_id for other in batch}):
            yield batch
            batch, size = [], 0
        batch.append(it)
        size += more
    if batch:
        yield batch


def _entry(it: Forward, now: float) -> dict[str, Any]:
    sent_at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    added = (attributes.text(sent_at), attributes.number(it.tokens_remaining), attributes.text(VERSION))
    return {
        "MessageBody": it.arrival.body,
        "MessageGroupId": it.job.group_id,
        "MessageDeduplicationId": it.job.job_id,
        "MessageAttributes": it.arrival.kept_attributes | dict(zip(ADDED, added, strict=True)),
    }
