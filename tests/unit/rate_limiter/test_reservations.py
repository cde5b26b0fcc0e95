"""The store: one contract for the one in memory and the one in DynamoDB, and what is DynamoDB's own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from huntaze_scraper.clock import SystemClock
from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.rate_limiter.reservations import (
    KEPT_SECONDS,
    DynamoReservations,
    Reservations,
    ReservedMeanwhile,
)
from huntaze_scraper.rate_limiter.token_bucket import Bucket, Token
from huntaze_scraper.rate_limiter.turns import Line, State
from huntaze_scraper.state.slot import Reservation
from tests.unit.rate_limiter.memory import MemoryReservations

NOW = 1_700_000_000_000


class FixedClock(SystemClock):
    """Stands at a moment of the test's choice."""

    moment = NOW / 1000

    def now(self) -> float:
        return self.moment


@pytest.fixture
def dynamodb(aws: None) -> Iterator[Any]:
    """A state table in moto's DynamoDB."""
    del aws
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="state",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.fixture
def clock() -> FixedClock:
    """The store's clock."""
    return FixedClock()


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Reservations:
    """Each of the stores."""
    if request.param == "memory":
        return MemoryReservations()
    return DynamoReservations(request.getfixturevalue("dynamodb"), "state", 10, FixedClock())


def some_state(version: int = 0) -> State:
    """Everything that can be stored."""
    tokens = (
        Token(NOW),
        Token(NOW + 72_000, "job-1", NOW),
        Token(NOW + 99_000, "job-2", NOW + 1, gives_way=True, next_holder="job-4"),
    )
    return State(
        Bucket(tokens, (NOW, NOW + 1, NOW + 2), version),
        {
            "job-1": Reservation("creator", 1, NOW, granted_at=NOW + 3),
            "job-2": Reservation("creator", 2, NOW + 63_000),
            "job-3": Reservation("another", 1, NOW, NOW, NOW + 55),
        },
        {"creator": Line(2, 0, NOW + 63_000, 5, 6), "another": Line(1, 1, NOW, NOW + 55)},
    )


def test_an_empty_store_holds_a_full_bucket_and_nothing_else(store: Reservations) -> None:
    """Nothing has to be set up."""
    assert store.read(["job-1"], ["creator"]) == State(Bucket.full(10))


def test_what_was_written_is_read_back(store: Reservations) -> None:
    """To the last detail, under the next version."""
    written = store.write(some_state())

    read = store.read(["job-1", "job-2", "job-3", "job-4"], ["creator", "another", "third"])

    assert read == replace(some_state(), bucket=replace(some_state().bucket, version=1))
    assert written == read


def test_only_what_was_asked_for_is_read(store: Reservations) -> None:
    """The bucket comes with every read."""
    store.write(some_state())

    read = store.read(["job-2"], [])

    assert read.bucket.version == 1
    assert read.reservations.keys() == {"job-2"}
    assert not read.lines


@pytest.mark.requirement("1.4")
def test_the_second_of_two_who_read_the_same_bucket_is_turned_away(store: Reservations) -> None:
    """Taking tokens is atomic, and what the loser wanted to store is not stored."""
    first, second = store.read([], []), store.read([], [])
    store.write(replace(first, reservations={"job-1": Reservation("creator", 1, NOW)}))

    with pytest.raises(ReservedMeanwhile):
        store.write(replace(second, reservations={"job-2": Reservation("creator", 1, NOW)}))

    assert store.read(["job-1", "job-2"], []).reservations.keys() == {"job-1"}


@pytest.mark.requirement("1.4")
def test_of_many_rounds_of_writers_each_round_has_one_winner(store: Reservations) -> None:
    """The version grows by one a write."""
    for round_number in range(5):
        states = [store.read([], []) for _ in range(3)]
        wins = 0
        for state in states:
            try:
                store.write(state)
                wins += 1
            except ReservedMeanwhile:
                pass
        assert wins == 1
        assert store.read([], []).bucket.version == round_number + 1


def test_a_batch_takes_one_read_and_one_write(dynamodb: Any, clock: FixedClock) -> None:
    """However many of its messages have a place already."""
    calls: list[str] = []
    dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    store = DynamoReservations(dynamodb, "state", 10, clock)

    store.read([f"job-{n}" for n in range(10)], [f"creator-{n}" for n in range(10)])
    store.write(some_state())

    assert calls == ["TransactGetItems", "TransactWriteItems"]


def test_items_expire_long_after_their_last_use(dynamodb: Any, clock: FixedClock) -> None:
    """After the longest time that a copy can lie in a queue; until DynamoDB deletes them they are ignored."""
    store = DynamoReservations(dynamodb, "state", 10, clock)
    store.write(some_state())

    clock.moment = NOW / 1000 + KEPT_SECONDS - 1
    kept = store.read(["job-1", "job-2"], ["creator", "another"])
    clock.moment = NOW / 1000 + KEPT_SECONDS + 1
    later = store.read(["job-1", "job-2"], ["creator", "another"])

    assert kept.reservations.keys() == {"job-1", "job-2"}
    assert later.reservations.keys() == {"job-2"}
    assert later.lines.keys() == {"creator"}
    assert later.bucket.version == 1


def answers(dynamodb: Any, operation: str, error: Exception) -> None:
    """Let an operation fail with the error."""

    def fail(**_: Any) -> None:
        raise error

    dynamodb.meta.events.register(f"before-call.dynamodb.{operation}", fail)


def client_error(code: str, *reasons: str) -> ClientError:
    """What boto3 raises for an error that DynamoDB answered with."""
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    if reasons:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(response, "TransactWriteItems")


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (client_error("TransactionCanceledException", "ConditionalCheckFailed", "None"), ReservedMeanwhile),
        (client_error("TransactionCanceledException", "None", "TransactionConflict"), ReservedMeanwhile),
        (client_error("TransactionInProgressException"), ReservedMeanwhile),
        (client_error("TransactionCanceledException", "ThrottlingError", "None"), StoreUnavailable),
        (client_error("TransactionCanceledException", "ThrottlingError", "TransactionConflict"), StoreUnavailable),
        (client_error("ProvisionedThroughputExceededException"), StoreUnavailable),
        (client_error("AccessDeniedException"), StoreUnavailable),
        (ReadTimeoutError(endpoint_url="https://dynamodb"), StoreUnavailable),
    ],
    ids=lambda value: str(value)[:60],
)
@pytest.mark.parametrize("operation", ["TransactWriteItems", "TransactGetItems"])
def test_errors_are_told_by_the_reaction_that_they_ask_for(
    dynamodb: Any, clock: FixedClock, operation: str, error: Exception, raised: type[Exception]
) -> None:
    """Lost a race: again at once. Anything else: nothing was decided, come back later."""
    store = DynamoReservations(dynamodb, "state", 10, clock)
    answers(dynamodb, operation, error)

    with pytest.raises(raised):
        store.read([], []) if operation == "TransactGetItems" else store.write(some_state())
