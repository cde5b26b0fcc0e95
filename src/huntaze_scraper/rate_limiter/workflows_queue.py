"""The way to the workflows queue: FIFO, one group an account, the dedup id made of the content."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.clock import Clock
from huntaze_scraper.jobs import Job
from huntaze_scraper.rate_limiter import VERSION
from huntaze_scraper.rate_limiter.arrivals import ADDED_BYTES, MAX_MESSAGE_BYTES, Arrival

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_ENTRIES = 10


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
            answer = client.send_message_batch(
                QueueUrl=queue_url, Entries=[_entry(str(n), it, now) for n, it in enumerate(tried)]
            )
        except (ClientError, BotoCoreError) as error:
            outcome = refused if _is_refusal(error) else unknown
            outcome.update((it.job.job_id, _code(error)) for it in tried)
            held.update(it.job.group_id for it in forwards)
            continue
        accepted.update(tried[int(entry["Id"])].job.job_id for entry in answer.get("Successful", []))
        for entry in answer.get("Failed", []):
            failed = tried[int(entry["Id"])].job
            outcome = refused if entry["SenderFault"] else unknown
            outcome[failed.job_id] = entry["Code"]
            held.add(failed.group_id)
    return Sent(frozenset(accepted), refused, unknown)


def _is_refusal(error: ClientError | BotoCoreError) -> bool:
    """Tell a request that was turned down from one whose end nobody knows."""
    if not isinstance(error, ClientError):
        return False
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status < HTTPStatus.INTERNAL_SERVER_ERROR


def _code(error: ClientError | BotoCoreError) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


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


def _entry(entry_id: str, it: Forward, now: float) -> Any:
    return {
        "Id": entry_id,
        "MessageBody": it.arrival.body,
        "MessageGroupId": it.job.group_id,
        "MessageDeduplicationId": it.job.job_id,
        "MessageAttributes": {
            **it.arrival.kept_attributes,
            "rate_limit_timestamp": {
                "DataType": "String",
                "StringValue": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
            },
            "tokens_remaining": {"DataType": "Number", "StringValue": str(it.tokens_remaining)},
            "rate_limiter_version": {"DataType": "String", "StringValue": VERSION},
        },
    }
