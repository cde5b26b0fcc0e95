"""The smoke job: what it needs before it is sent, how long it is waited for, and what it leaves."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from huntaze_scraper import jobs
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.target import Target
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.worker import results
from infra_cdk.release import readiness, smoke
from infra_cdk.release.stacks import Stacks
from tests.unit.operations.conftest import Pipeline

CREATOR = "creator-01"


@dataclass
class Deployed:
    """The stacks, with nothing on the way paused unless a test says so."""

    target: Target
    missing: tuple[str, ...] = ()
    mappings: list[str] = field(default_factory=lambda: ["Enabled"])
    desired_count: int = 1

    def status(self, name: str) -> str:
        return "" if name in self.missing else "UPDATE_COMPLETE"

    def mapping_states(self) -> list[str]:
        return self.mappings

    def service(self) -> dict[str, Any]:
        return {"desiredCount": self.desired_count}

    def parameters(self, _: str) -> dict[str, str]:
        return {"SiteUrl": "https://example.com"}


@pytest.fixture
def deployed(pipeline: Pipeline) -> Deployed:
    """The stacks of the pipeline in moto."""
    return Deployed(pipeline.target)


def require(deployed: Deployed) -> None:
    readiness.require(cast("Stacks", deployed), CREATOR)


def test_on_a_clear_way_it_is_sent(deployed: Deployed, pipeline: Pipeline) -> None:
    """A pause that is over stands in nobody's way, and a first deployment has nothing to look at."""
    pipeline.put(Kind.PAUSE.key(CREATOR), until=1)
    require(deployed)
    pipeline.put(Kind.PAUSE.key(CREATOR), until=2**40)
    deployed.missing = ("HuntazeScraper",)
    require(deployed)


@pytest.mark.parametrize(
    ("obstruct", "complaint"),
    [
        (lambda deployed, _: deployed.mappings.__setitem__(0, "Disabled"), "the intake is paused"),
        (lambda deployed, _: setattr(deployed, "desired_count", 0), "the scraper is paused"),
        (lambda _, pipeline: pipeline.put(Kind.PAUSE.key(CREATOR), until=2**40), f"{CREATOR} is paused"),
        (lambda _, pipeline: crowd(pipeline, 301), "takes 30 minutes"),
    ],
)
def test_where_it_would_wait_nothing_is_deployed(
    deployed: Deployed, pipeline: Pipeline, obstruct: Callable[[Deployed, Pipeline], None], complaint: str
) -> None:
    """A good deployment is not taken back because somebody has paused something, or because of a burst."""
    obstruct(deployed, pipeline)
    with pytest.raises(TellOperator, match=complaint):
        require(deployed)


def crowd(pipeline: Pipeline, messages: int) -> None:
    for number in range(messages):
        pipeline.sqs.send_message(QueueUrl=pipeline.target.ingress_queue_url, MessageBody=str(number))


class Scraper:
    """Limiter and scraper in one, for the one job; it lives while the smoke job is waited for, a minute a look."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._body = ""
        self._minutes = 0
        self.slot_after_seconds = 0.0
        self.ends_after_minutes = 1
        self.ends_as = "done"

    def monotonic(self) -> float:
        return self._minutes * 60

    def sleep(self, _: float) -> None:
        self._minutes += 1
        self._body = self._body or self._take()
        if self._minutes >= self.ends_after_minutes:
            self._end()

    def traces(self) -> list[Any]:
        """Return every item, object and dead letter that there is."""
        target = self._pipeline.target
        items = target.clients.dynamodb.scan(TableName="state")["Items"]
        objects = target.clients.s3.list_object_versions(Bucket="results").get("Versions", [])
        return [*items, *objects, *range(self._pipeline.depth(target.workflows_dlq_url))]

    def _take(self) -> str:
        """Give it its slot."""
        (message,) = self._pipeline.sqs.receive_message(QueueUrl=self._pipeline.target.ingress_queue_url)["Messages"]
        at = self._pipeline.target.now().timestamp() + self.slot_after_seconds
        self._pipeline.put(Kind.SLOT.key(jobs.parse(message["Body"]).job_id), slot_at=int(at * 1000), number=1)
        return message["Body"]

    def _end(self) -> None:
        """End it as the scraper does; a dead one lies on the DLQ."""
        job, s3 = jobs.parse(self._body), self._pipeline.target.clients.s3
        if self.ends_as == "dead":
            self._pipeline.die(json.loads(self._body))
        status = {"done": "succeeded"}.get(self.ends_as, self.ends_as)
        key = results.key(job.account, job.job_id)
        s3.put_object(Bucket="results", Key=key, Body=json.dumps({"status": status}).encode())
        self._pipeline.put(Kind.JOB.key(job.job_id), state=self.ends_as)


@pytest.fixture
def scraper(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Scraper:
    """The scraper, whose time is the smoke job's."""
    made = Scraper(pipeline)
    monkeypatch.setattr(smoke, "time", made)
    return made


def test_a_dead_job_leaves_nothing(deployed: Deployed, scraper: Scraper) -> None:
    """Neither result nor item nor dead letter."""
    scraper.ends_as = "dead"
    with pytest.raises(TellOperator, match="ended as dead"):
        smoke.run(cast("Stacks", deployed), CREATOR, 300)
    assert scraper.traces() == []


def test_in_a_burst_its_time_begins_with_its_turn(deployed: Deployed, scraper: Scraper) -> None:
    """It is waited for beyond the time that it may take, since its slot lies there."""
    scraper.slot_after_seconds, scraper.ends_after_minutes = 1200, 22
    assert smoke.run(cast("Stacks", deployed), CREATOR, 300)["status"] == "succeeded"
    assert scraper.traces() == []


def test_a_job_that_does_not_end_in_time_is_given_up(deployed: Deployed, scraper: Scraper) -> None:
    """With what became of it; so that it is not done twice, its place stays until it expires."""
    scraper.ends_after_minutes = 1000
    with pytest.raises(TellOperator, match="within 300 s of its turn: before the scraper"):
        smoke.run(cast("Stacks", deployed), CREATOR, 300)
    assert len(scraper.traces()) == 1
