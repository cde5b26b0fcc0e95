"""Sessions shared by tasks: the same promises on moto's DynamoDB and in memory."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import boto3
import pytest
from moto import mock_aws

from huntaze_scraper.clock import SystemClock
from huntaze_scraper.errors import LeaseLost
from huntaze_scraper.onlyfans.session_store import LOGIN_LEASE_SECONDS, DynamoSessionStore, SessionStore
from tests.unit.onlyfans.memory_sessions import MemorySessions

STATE = {"cookies": [{"name": "sess", "value": "cookie-value", "domain": "x"}], "origins": []}


class HandClock(SystemClock):
    def __init__(self) -> None:
        self.moment = 1_700_000_000.0

    def now(self) -> float:
        return self.moment


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["memory", "aws"])
def store(request: pytest.FixtureRequest, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "memory":
        yield MemorySessions(clock)
        return
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="state",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
        yield DynamoSessionStore(client, "state", clock)


def wait[T](answer: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(answer)


def test_a_saved_session_is_what_every_task_loads(store: SessionStore) -> None:
    """As it was, with a version that grows with each log-in."""
    assert wait(store.load("a")) is None
    for version in (1, 2):
        lease = wait(store.acquire("a"))
        assert lease is not None
        assert wait(store.save("a", STATE, lease)).version == version
        loaded = wait(store.load("a"))
        assert loaded is not None
        assert (loaded.version, loaded.state) == (version, STATE)
    assert wait(store.load("b")) is None


def test_one_task_logs_in_at_a_time(store: SessionStore, clock: HandClock) -> None:
    """The lease is free again when it is given back, saved with, or too old."""
    lease = wait(store.acquire("a"))
    assert lease is not None
    assert wait(store.acquire("a")) is None
    assert wait(store.acquire("b")) is not None
    wait(store.release("a", lease))
    assert wait(store.acquire("a")) is not None
    clock.moment += LOGIN_LEASE_SECONDS + 1
    assert wait(store.acquire("a")) is not None


def test_a_lease_that_is_renewed_stays_and_a_lost_one_does_not_come_back(store: SessionStore, clock: HandClock) -> None:
    """For as long as its holder says so in time."""
    lease = wait(store.acquire("a"))
    assert lease is not None
    for _ in range(3):
        clock.moment += LOGIN_LEASE_SECONDS - 1
        assert wait(store.renew("a", lease)) is True
        assert wait(store.acquire("a")) is None
    clock.moment += LOGIN_LEASE_SECONDS + 1
    assert wait(store.acquire("a")) is not None
    assert wait(store.renew("a", lease)) is False


def test_who_took_too_long_to_log_in_saves_nothing(store: SessionStore, clock: HandClock) -> None:
    """Another task's newer session must not be overwritten."""
    slow = wait(store.acquire("a"))
    clock.moment += LOGIN_LEASE_SECONDS + 1
    assert wait(store.acquire("a"))
    assert slow is not None
    wait(store.release("a", slow))
    with pytest.raises(LeaseLost):
        wait(store.save("a", STATE, slow))


def test_a_session_is_not_shown_by_its_representation(store: SessionStore) -> None:
    """A storage state is a secret."""
    lease = wait(store.acquire("a"))
    assert lease is not None
    assert "cookie-value" not in repr(wait(store.save("a", STATE, lease)))
