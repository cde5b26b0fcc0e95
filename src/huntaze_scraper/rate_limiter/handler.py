"""The function's entry: wires the limiter to AWS once a process, and answers with the items to deliver again."""

import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from botocore.config import Config

from huntaze_scraper.clock import Clock, SystemClock
from huntaze_scraper.errors import HuntazeError
from huntaze_scraper.limit.in_force import DynamoMarks, Scope
from huntaze_scraper.rate_limiter import arrivals
from huntaze_scraper.rate_limiter.bucket import Limit
from huntaze_scraper.rate_limiter.decisions import Decision, Forwarding
from huntaze_scraper.rate_limiter.dispatch import Dispatch
from huntaze_scraper.rate_limiter.ingress import Ingress
from huntaze_scraper.rate_limiter.limiter import Limiter
from huntaze_scraper.rate_limiter.metrics import Metrics
from huntaze_scraper.rate_limiter.places import DynamoPlaces
from huntaze_scraper.rate_limiter.workflows_queue import Forward, Sent, send_to_workflows_queue
from huntaze_scraper.settings import INVOCATION_SECONDS, PIPELINE, RateLimiterSettings
from huntaze_scraper.state.keys import SCOPE, WORKFLOWS_BUCKET, Kind
from huntaze_scraper.state.table import StateTable

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_sqs import SQSClient

# A store that hangs must leave the invocation time to send its messages back.
CLIENTS = Config(connect_timeout=2, read_timeout=7, retries={"mode": "standard", "total_max_attempts": 2})
# A message must be on the queue within half a lease, or not at all: no attempt after the first.
QUEUES = Config(connect_timeout=2, read_timeout=7, retries={"mode": "standard", "total_max_attempts": 1})


class ComesBack(HuntazeError):
    """The message is not done: it must not be deleted from the ingress queue."""


class NothingCouldBeDone(HuntazeError):
    """Every message of the batch failed: an error of the function, so that alarms see it and polling slows down."""


class Function:
    """The limiter as Lambda calls it."""

    def __init__(self, settings: RateLimiterSettings) -> None:
        """Make the clients; no call is made yet."""
        session = boto3.Session()
        clock = SystemClock()
        self.logger = Logger(service="rate-limiter", level="INFO")
        sqs = session.client("sqs", config=QUEUES)
        limit = Limit(
            capacity=settings.rate_limit_capacity,
            window_ms=round(settings.rate_limit_window_seconds * 1000),
            margin_ms=round(settings.rate_limit_clock_skew_seconds * 1000),
            slack_ms=round(settings.rate_limit_slack_seconds * 1000),
        )
        dynamodb = session.client("dynamodb", config=CLIENTS)
        dynamodb.meta.events.register("before-call", self._count_store_call)
        self._store_calls = 0
        self._metrics = Metrics(session.client("cloudwatch", config=CLIENTS), self.logger)
        marks = DynamoMarks(StateTable(dynamodb, settings.state_table), Kind.BUCKET.key(SCOPE))
        # What an invocation of another scope that has looked just before may still send counts for a window.
        pause = INVOCATION_SECONDS + limit.return_ms / 1000
        is_shared = settings.rate_limit_scope == PIPELINE
        self._limiter = Limiter(
            dispatch=Dispatch(
                limit=limit,
                places=DynamoPlaces(dynamodb, settings.state_table, settings.line_table, limit.capacity, clock),
                workflows=_Workflows(sqs, settings.workflows_queue_url, clock),
                clock=clock,
                jitter=lambda most: random.uniform(0, most),  # noqa: S311 - spreads retries, keeps no secret
                logger=self.logger,
            ),
            bucket_of=lambda account: WORKFLOWS_BUCKET if is_shared else Kind.BUCKET.of_account(account),
            opens_in=Scope(marks, settings.rate_limit_scope, pause, clock).opens_in,
            ingress=Ingress(sqs, settings.ingress_queue_url, settings.ingress_dlq_url, self.logger),
            clock=clock,
            logger=self.logger,
        )

    def __call__(self, event: Mapping[str, Any], context: "LambdaContext") -> "PartialItemFailureResponse":
        """Take the batch and report which of its messages must come back."""
        self._store_calls = 0
        batch = [arrivals.read(record) for record in event["Records"]]
        decisions = self._limiter.take(batch, context.get_remaining_time_in_millis() / 1000)
        for decision in decisions:
            if decision.forwarding is Forwarding.GONE:
                continue  # the decision about it was told when its job went
            self.logger.info("rate limit decision", **decision.as_log())
        kinds: dict[str, Any] = Counter(decision.forwarding.value for decision in decisions)
        self.logger.info("batch", messages=len(batch), store_calls=self._store_calls, **kinds)
        self._metrics.publish(decisions)
        _raise_if_all_failed(decisions[: len(batch)])
        by_message = {decision.arrival.message_id: decision for decision in decisions}

        def handle(record: "SQSRecord") -> None:
            if not by_message[record.message_id].is_handled:
                raise ComesBack(by_message[record.message_id].forwarding)

        # A batch in which every message waits is no error.
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        return process_partial_response(dict(event), handle, processor, context)

    def _count_store_call(self, **_: Any) -> None:
        self._store_calls += 1


class _Workflows:
    def __init__(self, client: "SQSClient", queue_url: str, clock: Clock) -> None:
        self._client = client
        self._queue_url = queue_url
        self._clock = clock

    def send(self, forwards: Sequence[Forward], *, start_until: float) -> Sent:
        return send_to_workflows_queue(
            self._client, self._queue_url, forwards, clock=self._clock, start_until=start_until
        )


def _raise_if_all_failed(decisions: Sequence[Decision]) -> None:
    if decisions and all(it.forwarding is Forwarding.FAILED for it in decisions):
        reasons = sorted({it.reason or "" for it in decisions})
        raise NothingCouldBeDone("; ".join(reasons))


@cache
def _function() -> Function:
    return Function(RateLimiterSettings.from_env(os.environ))


def handler(event: Mapping[str, Any], context: "LambdaContext") -> "PartialItemFailureResponse":
    """Answer Lambda's SQS event source."""
    return _function()(event, context)


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # Within Lambda, make the clients in the init phase: it has the full CPU and does not count against the time-out.
    _function()
