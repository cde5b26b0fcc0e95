"""Whatever lies in the two dead-letter queues, a replay loses no job: with the limiter itself, on a clock of its own."""

import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from aws_lambda_powertools import Logger
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from huntaze_scraper import jobs
from huntaze_scraper.operations import replay
from huntaze_scraper.operations.dead_letter_queue import DeadLetterQueue
from huntaze_scraper.operations.dead_letters import QUEUES, QueueName, Selection
from huntaze_scraper.operations.replay import Replay
from huntaze_scraper.operations.target import Target
from huntaze_scraper.queues.limits import FIFO_DEDUPLICATION_MS, MAX_ATTRIBUTES
from huntaze_scraper.rate_limiter.arrivals import Arrival
from huntaze_scraper.rate_limiter.bucket import Limit
from huntaze_scraper.rate_limiter.dispatch import Dispatch
from huntaze_scraper.rate_limiter.limiter import Limiter
from huntaze_scraper.rate_limiter.places import DynamoPlaces
from huntaze_scraper.rate_limiter.workflows_queue import Forward, Sent
from huntaze_scraper.state.keys import WORKFLOWS_BUCKET, Kind
from huntaze_scraper.state.slot import KEPT_SECONDS
from tests.unit.operations.conftest import LINE_TABLE, Pipeline, emptied, message

BODIES = tuple(json.dumps(message(number, creator)) for number, creator in enumerate(("one", "one", "two")))
IDS = tuple(jobs.parse(body).job_id for body in BODIES)
JOBS = range(len(BODIES))
MOMENT = FIFO_DEDUPLICATION_MS // 1000
LIMIT = Limit(capacity=100)


class Letter(NamedTuple):
    """What lies in a dead-letter queue."""

    job: int
    queue: QueueName
    is_crowded: bool = False
    """It has more attributes than the limiter can forward."""


class Past(NamedTuple):
    """What was before the job died."""

    forwarded_ago: int | None = None
    state: str = ""
    """As the scraper's ledger has it."""
    comes_again: bool = False
    """Its producer sends a copy at the moment of the replay."""


class Cloud:
    """A limiter that works while a replay sleeps, and a workflows queue that drops copies."""

    def __init__(self, pipeline: Pipeline, chance: random.Random) -> None:
        self.pipeline = pipeline
        self.chance = chance
        self.ahead = 0.0
        self.forwarded: list[str] = []
        self._accepted_at: dict[str, float] = {}
        logger = Logger(service="test", level="CRITICAL")
        self._limiter = Limiter(
            dispatch=Dispatch(
                limit=LIMIT,
                places=DynamoPlaces(pipeline.dynamodb, pipeline.target.state_table, LINE_TABLE, LIMIT.capacity, self),
                workflows=self,
                clock=self,
                jitter=lambda most: most,
                logger=logger,
            ),
            bucket_of=lambda _: WORKFLOWS_BUCKET,
            opens_in=lambda: 0.0,
            ingress=self,
            clock=self,
            logger=logger,
        )

    def now(self) -> float:
        return time.time() + self.ahead

    monotonic = now

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds

    def pass_by(self, _: float) -> None:
        self.sleep(30)
        self.take()

    def hide(self, *_: object) -> None:
        """Leave it to ``take``."""

    def delete(self, arrivals: Sequence[Arrival]) -> None:
        for it in arrivals:
            self.pipeline.sqs.delete_message(
                QueueUrl=self.pipeline.target.ingress_queue_url, ReceiptHandle=it.receipt_handle
            )

    def set_aside(self, arrival: Arrival, *, reason: str, error_class: str) -> None:
        raise AssertionError(f"{error_class} replayed: {reason} {arrival.message_id}")

    def send(self, forwards: Sequence[Forward], *, start_until: float) -> Sent:
        del start_until
        for job_id in (it.job.job_id for it in forwards):
            if self.now() > self._accepted_at.get(job_id, 0) + MOMENT:
                self._accepted_at[job_id] = self.now()
                self.forwarded.append(job_id)
        return Sent(frozenset(it.job.job_id for it in forwards), {}, {})

    def produce(self, job: int) -> None:
        self.pipeline.sqs.send_message(QueueUrl=self.pipeline.target.ingress_queue_url, MessageBody=BODIES[job])

    def take(self) -> None:
        """Let the limiter have what lies on the ingress queue, in whatever order."""
        sqs, url = self.pipeline.sqs, self.pipeline.target.ingress_queue_url
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        found: Any = received.get("Messages", [])
        self.chance.shuffle(found)
        batch = [
            Arrival(
                it["MessageId"], it["ReceiptHandle"], it["Body"], it.get("MessageAttributes", {}), 1, int(self.now())
            )
            for it in found
        ]
        for decision in self._limiter.take(batch, 30)[: len(batch)]:
            handle = decision.arrival.receipt_handle
            if decision.retry_after is None:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
            else:
                sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)

    def live(self, pasts: Sequence[Past]) -> None:
        """Let the jobs' past happen."""
        times = sorted(((past.forwarded_ago or 0, job) for job, past in enumerate(pasts)), reverse=True)
        before = times[0][0]
        for ago, job in times:
            self.ahead += before - ago
            before = ago
            if pasts[job].forwarded_ago is not None:
                self.produce(job)
                self.take()
            if pasts[job].state:
                self.pipeline.put(Kind.JOB.key(IDS[job]), state=pasts[job].state)
        self.ahead += before

    def bury(self, letters: Sequence[Letter]) -> None:
        target = self.pipeline.target
        for place, (job, queue, is_crowded) in enumerate(letters):
            names = [f"name{number}" for number in range(MAX_ATTRIBUTES if is_crowded else 2)]
            fifo: Any = {"MessageGroupId": message_group(job), "MessageDeduplicationId": str(place)}
            self.pipeline.sqs.send_message(
                QueueUrl=target.ingress_dlq_url if queue == "ingress" else target.workflows_dlq_url,
                MessageBody=BODIES[job],
                MessageAttributes={name: {"DataType": "String", "StringValue": "x"} for name in names},
                **(fifo if queue == "workflows" else {}),
            )


def message_group(job: int) -> str:
    return jobs.parse(BODIES[job]).group_id


def lying(pipeline: Pipeline) -> list[Letter]:
    found: list[Letter] = []
    for name in QUEUES:
        with DeadLetterQueue(pipeline.target, name).held() as letters:
            found += [Letter(IDS.index(it.job_id), name, len(it.attributes) == MAX_ATTRIBUTES) for it in letters]
    return found


LETTERS = st.lists(
    st.one_of(
        st.builds(Letter, st.sampled_from(JOBS), st.just("ingress"), st.booleans()),
        st.builds(Letter, st.sampled_from(JOBS), st.just("workflows")),
    ),
    max_size=6,
)
PASTS = st.tuples(
    *[
        st.builds(
            Past,
            st.sampled_from([None, 0, MOMENT // 2, 2 * MOMENT, KEPT_SECONDS + MOMENT]),
            st.sampled_from(["", "dead", "done"]),
            st.booleans(),
        )
    ]
    * len(BODIES)
)
LONG_AGO = Past(2 * MOMENT, "dead")


@example([Letter(0, "ingress"), Letter(0, "workflows")], (LONG_AGO, Past(), Past()), 0)
@example([Letter(0, "ingress", is_crowded=True), Letter(0, "workflows")], (LONG_AGO, Past(), Past()), 0)
@example([Letter(0, "workflows")], (LONG_AGO._replace(comes_again=True), Past(), Past()), 0)
@given(LETTERS, PASTS, st.integers(0, 3))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("local")
def test_every_job_goes_on_or_still_lies_there(letters: list[Letter], pasts: tuple[Past, ...], seed: int) -> None:
    """A job that can be forwarded and is not done is forwarded anew; of all others every letter stays."""
    with emptied() as pipeline, pytest.MonkeyPatch.context() as patch:
        cloud = Cloud(pipeline, random.Random(seed))
        patch.setattr(Target, "now", lambda _: datetime.now(UTC) + timedelta(seconds=cloud.ahead))
        patch.setattr(replay, "time", SimpleNamespace(sleep=cloud.pass_by))
        cloud.live(pasts)
        cloud.bury(letters)
        for job in JOBS:
            if pasts[job].comes_again:
                cloud.produce(job)
        cloud.forwarded.clear()

        again = Replay(pipeline.target)
        for name in QUEUES:
            list(again.run(DeadLetterQueue(pipeline.target, name), Selection()))
        while pipeline.depth(pipeline.target.ingress_queue_url):
            cloud.pass_by(0)

        going = {it.job for it in letters if not it.is_crowded and pasts[it.job].state != "done"}
        assert going <= {IDS.index(job_id) for job_id in cloud.forwarded}
        for left in (it for it in set(letters) if it.job not in going):
            assert lying(pipeline).count(left) == letters.count(left)
