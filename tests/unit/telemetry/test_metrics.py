"""Metrics against moto's CloudWatch, and against one that does not answer."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from huntaze_scraper.clock import SystemClock
from huntaze_scraper.metric_names import NAMESPACE, Metric
from huntaze_scraper.telemetry.metrics import DATA_A_REQUEST, VALUES_A_DATUM, Metrics
from tests.unit.aws import aws_client, moto_aws
from tests.unit.worker.jumping_loop import moments_within, run


class Requests:
    """A CloudWatch that takes requests down, or does not answer."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.is_down = False
        self.asked = threading.Semaphore(0)

    def put_metric_data(self, **request: Any) -> None:
        self.asked.release()
        if self.is_down:
            raise EndpointConnectionError(endpoint_url="https://monitoring")
        self.taken.append(request)

    @property
    def data(self) -> list[dict[str, Any]]:
        return [datum for request in self.taken for datum in request["MetricData"]]


@pytest.fixture
def requests() -> Requests:
    return Requests()


def metrics(requests: Requests, **options: Any) -> Metrics:
    client: Any = requests
    return Metrics(client, SystemClock(), **options)


def dimensions(datum: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in datum["Dimensions"]}


@pytest.mark.requirement("5.4")
def test_each_sample_is_published_as_roll_up_and_by_its_dimensions(requests: Requests) -> None:
    """Trap 7: alarms see the roll-up alone."""
    some = metrics(requests)
    some.record(Metric.SCRAPING_DURATION_MS, 120, action="send_message", creator_id="c", status="succeeded")
    asyncio.run(some.flush())
    assert {request["Namespace"] for request in requests.taken} == {NAMESPACE}
    assert sorted(map(str, map(dimensions, requests.data))) == sorted(
        map(str, [{}, {"action": "send_message", "creator_id": "c", "status": "succeeded"}])
    )
    assert {datum["Unit"] for datum in requests.data} == {"Milliseconds"}


def test_creator_id_can_be_left_out(requests: Requests) -> None:
    """One metric an action and status, whatever the number of creators."""
    some = metrics(requests, by_creator=False)
    for number in range(50):
        some.record(Metric.ONLYFANS_429_COUNT, 1, action="send_message", creator_id=f"c{number}", status="429")
    asyncio.run(some.flush())
    assert sorted(map(str, map(dimensions, requests.data))) == ["{'action': 'send_message', 'status': '429'}", "{}"]


def test_a_sample_without_dimensions_is_published_once(requests: Requests) -> None:
    """The roll-up is not counted twice."""
    some = metrics(requests)
    some.record(Metric.CIRCUIT_BREAKER_OPEN_COUNT, 1)
    asyncio.run(some.flush())
    assert len(requests.data) == 1


def test_samples_are_batched(requests: Requests) -> None:
    """A thousand samples of a minute are a handful of data in one request, and none is lost."""
    some = metrics(requests)
    for number in range(1000):
        some.record(Metric.SCRAPING_DURATION_MS, number % 400)
    asyncio.run(some.flush())
    assert len(requests.taken) == 1
    assert sum(sum(datum["Counts"]) for datum in requests.data) == 1000
    assert all(len(datum["Values"]) <= VALUES_A_DATUM for datum in requests.data)


def test_no_request_is_larger_than_cloudwatch_takes(requests: Requests) -> None:
    """Many creators are many data: several requests."""
    some = metrics(requests)
    for number in range(1200):
        some.record(Metric.DUPLICATE_COUNT, 1, action="a", creator_id=f"c{number}")
    asyncio.run(some.flush())
    assert len(requests.taken) == 3
    assert all(len(request["MetricData"]) <= DATA_A_REQUEST for request in requests.taken)


def test_what_cloudwatch_does_not_take_is_sent_later(requests: Requests) -> None:
    """An outage delays metrics, and loses none."""
    some = metrics(requests)
    requests.is_down = True
    some.record(Metric.DUPLICATE_COUNT, 1)
    asyncio.run(some.flush())
    requests.is_down = False
    some.record(Metric.DUPLICATE_COUNT, 1)
    asyncio.run(some.flush())
    assert sum(sum(datum["Counts"]) for datum in requests.data) == 2


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with moto_aws():
        yield aws_client("cloudwatch")


def test_who_takes_no_samples_wakes_nobody(requests: Requests) -> None:
    """An idle worker sleeps."""

    async def scenario() -> None:
        flushing = asyncio.create_task(metrics(requests).run())
        await asyncio.sleep(0)
        assert await moments_within(3600) == 0
        flushing.cancel()

    run(scenario())


def test_what_is_taken_is_sent_by_itself(requests: Requests, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, after a while without samples, and also when CloudWatch does not answer the first time."""
    monkeypatch.setattr("huntaze_scraper.telemetry.metrics.FLUSH_SECONDS", 0)
    some = metrics(requests)

    async def scenario() -> None:
        flushing = asyncio.create_task(some.run())
        for is_down in (False, True):
            requests.is_down = is_down
            some.record(Metric.DUPLICATE_COUNT, 1)
            assert await asyncio.to_thread(requests.asked.acquire, timeout=60)
        requests.is_down = False
        while len(requests.data) < 2:
            assert await asyncio.to_thread(requests.asked.acquire, timeout=60)
        flushing.cancel()

    asyncio.run(scenario())
    assert len(requests.data) == 2


@pytest.mark.requirement("5.4")
def test_every_metric_arrives_under_its_name(cloudwatch: Any) -> None:
    """All names of the one list, in our namespace."""
    some = Metrics(cloudwatch, SystemClock())
    for metric in Metric:
        some.record(metric, 1)
    asyncio.run(some.flush())
    found = cloudwatch.list_metrics(Namespace=NAMESPACE)["Metrics"]
    assert {each["MetricName"] for each in found} == {str(metric) for metric in Metric}
