"""Sessions shared by tasks: the same promises on moto's DynamoDB and in memory."""

import asyncio
import base64
import gzip
from collections.abc import Coroutine, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.onlyfans import session_state
from huntaze_scraper.onlyfans.session_state import SESSION_STORAGE, SessionState, pack, unpack
from huntaze_scraper.onlyfans.session_store import (
    LOGIN_LEASE_SECONDS,
    DynamoSessionStore,
    SavedSession,
    SessionStore,
    TooLarge,
)
from tests.unit.answers import EachTwice
from tests.unit.aws import aws_client, state_table
from tests.unit.hand_clock import HandClock
from tests.unit.onlyfans.memory_sessions import MemorySessions

STATE = {"cookies": [{"name": "sess", "value": "cookie-value", "domain": "x"}], "origins": []}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["memory", "aws", "aws, each first answer lost"])
def store(request: pytest.FixtureRequest, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "memory":
        yield MemorySessions(clock)
        return
    with state_table(monkeypatch) as client:
        yield DynamoSessionStore(client if request.param == "aws" else EachTwice(client), "state", clock)


def wait[T](answer: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(answer)


def test_a_saved_session_is_what_every_task_loads(store: SessionStore) -> None:
    """As it was, with a version that grows with each log-in."""
    assert wait(store.load("a")) is None
    for version in (1, 2):
        lease = wait(store.acquire("a"))
        assert lease is not None
        saved = wait(store.save("a", STATE, lease))
        assert saved is not None
        assert saved.version == version
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
    assert wait(store.save("a", STATE, slow)) is None
    assert wait(store.load("a")) is None


def test_a_session_is_not_shown_by_its_representation(store: SessionStore) -> None:
    """A storage state is a secret."""
    lease = wait(store.acquire("a"))
    assert lease is not None
    assert "cookie-value" not in repr(wait(store.save("a", STATE, lease)))


@pytest.fixture
def aws_store(clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoSessionStore]:
    with state_table(monkeypatch) as client:
        yield DynamoSessionStore(client, "state", clock)


def filled(size: int) -> SessionState:
    """A state that no compression makes much smaller than its size."""
    noise = base64.b64encode(Random(size).randbytes(size)).decode()
    item = {"name": "cache", "value": noise}
    return {**STATE, "origins": [{"origin": "https://x", "localStorage": [item]}], SESSION_STORAGE: {}}


@pytest.mark.parametrize("size", [300_000, 380_000])
def test_a_session_is_shared_as_long_as_an_item_holds_it(aws_store: DynamoSessionStore, size: int) -> None:
    """400 KB, as it is written down."""
    lease = wait(aws_store.acquire("a")) or ""
    assert wait(aws_store.save("a", filled(size), lease)) is not None
    assert wait(aws_store.load("a")) == SavedSession(1, filled(size))


@pytest.mark.parametrize("size", [450_000, 1_000_000, 10_000_000])
def test_a_session_that_no_item_holds_says_so_and_leaves_the_one_before(
    aws_store: DynamoSessionStore, size: int
) -> None:
    """With the sizes in words, and without what is in it."""
    lease = wait(aws_store.acquire("a")) or ""
    wait(aws_store.save("a", STATE, lease))
    lease = wait(aws_store.acquire("a")) or ""
    with pytest.raises(TooLarge, match="bytes"):
        wait(aws_store.save("a", filled(size), lease))
    assert wait(aws_store.load("a")) == SavedSession(1, STATE)


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"not compressed",
        pack(STATE)[:-9],
        *(
            gzip.compress(text, mtime=0)
            for text in (b"[]", b"{", b"{}", b'"cookies"', b'{"cookies": {}, "origins": []}')
        ),
        pack({**STATE, SESSION_STORAGE: []}),
    ],
    ids=range(9),  # bytes hold the time: not the same in each of pytest-xdist's processes
)
def test_a_session_that_cannot_be_read_is_none_and_the_next_takes_its_place(
    aws_store: DynamoSessionStore, kept: bytes
) -> None:
    """Whatever wrote it: an older version, a newer one, a disk."""
    item = {"pk": {"S": "session#a"}, "version": {"N": "7"}, "state": {"B": kept}}
    aws_client("dynamodb").put_item(TableName="state", Item=item)
    assert wait(aws_store.load("a")) is None
    lease = wait(aws_store.acquire("a")) or ""
    wait(aws_store.save("a", STATE, lease))
    assert wait(aws_store.load("a")) == SavedSession(8, STATE)


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_any_state_is_read_as_it_was_written(values: dict[str, Any]) -> None:
    """Lone surrogates and null characters, which sites may keep, too."""
    state = {"cookies": [values], "origins": [values], SESSION_STORAGE: {"https://x": [["a\ud800", "\x00"]]}}
    assert unpack(pack(state)) == state


@pytest.mark.parametrize(
    ("cookie", "is_secret"),
    [
        ({"name": "sess", "value": "0b7e1c52-6a1f-4f"}, True),
        ({"name": "sess", "value": "abc12345", "httpOnly": True}, True),
        ({"name": "theme", "value": "default", "httpOnly": False}, False),
        ({"name": "lang", "value": "english"}, False),
        ({"name": "auth_id", "value": "12345678", "httpOnly": True}, False),
    ],
    ids=["long", "out of scripts' reach", "a setting", "a language", "a user's number"],
)
def test_a_cookie_is_a_secret_unless_it_is_a_word_or_a_number(cookie: dict[str, Any], *, is_secret: bool) -> None:
    """What is a secret is gone from every line of the log: so settings' names are none."""
    state = {"cookies": [cookie], "origins": []}
    assert list(session_state.secrets_of(state)) == [cookie["value"]] * is_secret
