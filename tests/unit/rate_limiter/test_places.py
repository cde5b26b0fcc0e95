"""The store's promises: kept by the tables, against moto, and by the one in memory that the simulation runs on."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from huntaze_scraper.clock import SystemClock
from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.jobs import Priority
from huntaze_scraper.limit.line import Next
from huntaze_scraper.rate_limiter.bucket import Bucket
from huntaze_scraper.rate_limiter.places import Changed, DynamoPlaces, Places, WrittenMeanwhile
from huntaze_scraper.rate_limiter.waiting import Waiting
from huntaze_scraper.state.keys import WORKFLOWS_BUCKET
from huntaze_scraper.state.slot import Place
from tests.unit.aws import aws_client, moto_aws
from tests.unit.rate_limiter.memory import MemoryPlaces
from tests.unit.rate_limiter.records import arrival, payload, text

TURN = Next(Priority.NORMAL, "creator")
PLACE = Place("creator", 1_700_000_000_000, 3, Priority.NORMAL, 1_700_000_000_000, "m1")


def table(client: Any, name: str, *keys: str) -> None:
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture(params=["tables", "memory"])
def places(request: pytest.FixtureRequest, aws: None) -> Iterator[Places]:
    """Each implementation."""
    del aws
    if request.param == "memory":
        yield MemoryPlaces()
        return
    with moto_aws():
        client = aws_client("dynamodb")
        table(client, "state", "pk")
        table(client, "line", "pk", "sk")
        yield DynamoPlaces(client, "state", "line", 10, SystemClock())


def waiting(number: int, sent_at: int, size: int = 1) -> Waiting:
    body = payload(message_content=str(number), padding="x" * size)
    attributes = {"trace": text("x"), "picture": {"dataType": "Binary", "binaryValue": "AAE="}}
    return Waiting(replace(arrival(body, message_id=f"m{number}", attributes=attributes), sent_at=sent_at), 5, number)


def bucket(places: Places) -> Bucket:
    return places.read(WORKFLOWS_BUCKET, ())[0]


def test_what_is_written_together_is_read_together(places: Places) -> None:
    """Bucket, places and the line."""
    changed = replace(bucket(places), line=bucket(places).line.joined(*TURN))
    it = waiting(1, 1_000)

    written = places.write(WORKFLOWS_BUCKET, Changed(changed, {"a": PLACE}, [it]))

    assert places.read(WORKFLOWS_BUCKET, ["a", "b"]) == (written, {"a": PLACE})
    assert places.first(TURN, 5) == [it]
    assert places.first(Next(Priority.HIGH, "creator"), 5) == []


@pytest.mark.requirement("1.4")
def test_who_read_before_somebody_else_wrote_writes_nothing(places: Places) -> None:
    """Neither the bucket nor anything with it."""
    old = bucket(places)
    places.write(WORKFLOWS_BUCKET, Changed(old))

    with pytest.raises(WrittenMeanwhile):
        places.write(WORKFLOWS_BUCKET, Changed(old, {"a": PLACE}, [waiting(1, 1_000)]))

    assert places.read(WORKFLOWS_BUCKET, ["a"])[1] == {}
    assert places.first(TURN, 5) == []


@pytest.mark.requirement("9.2")
def test_the_line_stands_in_the_order_of_sending(places: Places) -> None:
    """Whatever the order of joining; large messages too, of which one answer holds few."""
    all_of_them = [waiting(number, sent_at, size=150_000) for number, sent_at in enumerate((900, 1_000, 50, 1_000))]
    for it in all_of_them:
        places.write(WORKFLOWS_BUCKET, Changed(bucket(places), waiting=[it]))

    assert [it.number for it in places.first(TURN, 10)] == [2, 0, 1, 3]
    assert [it.number for it in places.first(TURN, 2)] == [2, 0]

    places.write(WORKFLOWS_BUCKET, Changed(bucket(places), gone=[all_of_them[2]]))
    assert [it.number for it in places.first(TURN, 1)] == [0]


def test_a_place_that_has_expired_is_none(aws: None) -> None:
    """DynamoDB deletes it days later."""
    del aws
    with moto_aws():
        client = aws_client("dynamodb")
        table(client, "state", "pk")
        table(client, "line", "pk", "sk")
        clock = SystemClock()
        store = DynamoPlaces(client, "state", "line", 10, clock)
        store.write(WORKFLOWS_BUCKET, Changed(bucket(store), {"a": PLACE}))
        client.update_item(
            TableName="state",
            Key={"pk": {"S": "slot#a"}},
            UpdateExpression="SET expires_at = :past",
            ExpressionAttributeValues={":past": {"N": "1"}},
        )

        assert store.read(WORKFLOWS_BUCKET, ["a"])[1] == {}


def test_a_store_that_does_not_answer_is_told_as_that() -> None:
    """Whichever call."""

    class Silent:
        def __getattr__(self, name: str) -> Any:
            def call(**_: Any) -> Any:
                raise ReadTimeoutError(endpoint_url=name)

            return call

    store = DynamoPlaces(Silent(), "state", "line", 10, SystemClock())  # type: ignore[arg-type]
    for call in (
        lambda: store.read(WORKFLOWS_BUCKET, ["a"]),
        lambda: store.first(TURN, 1),
        lambda: store.write(WORKFLOWS_BUCKET, Changed(Bucket.read({}, 10))),
    ):
        with pytest.raises(StoreUnavailable):
            call()
