"""The site's own limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from turned_clock import TurnedClock
from visitor import Visitor

import fake_onlyfans
from fake_onlyfans.faults.rule import Match
from fake_onlyfans.window import Limit


def test_there_is_no_limit_at_first(creator: Visitor) -> None:
    """As many requests as come are answered."""
    assert {creator.read("fan-001").status_code for _ in range(50)} == {200}


def test_too_many_requests_are_429_until_there_is_room(creator: Visitor, site_clock: TurnedClock) -> None:
    """Retry-After is right: a second before it is too early, then it is not."""
    creator.post("/_control/limits", json={"requests": 3, "per_seconds": 60})
    assert [creator.read("fan-001").status_code for _ in range(4)] == [200, 200, 200, 429]

    refused = creator.write("fan-001", "lost")
    wait = int(refused.headers["retry-after"])

    assert (refused.status_code, refused.json()) == (429, {"error": "too_many_requests"})
    assert 55 <= wait <= 60
    site_clock.ahead += wait - 2
    assert creator.get("/my/chats").status_code == 429
    site_clock.ahead += 2
    assert creator.get("/my/chats").status_code == 200
    assert creator.control("messages") == []


def test_each_account_has_its_own_limit(creator: Visitor) -> None:
    """One account's haste is not another's; control and strangers are free."""
    creator.post("/_control/limits", json={"requests": 5, "per_seconds": 60})
    assert [creator.read("fan-001").status_code for _ in range(6)][-1] == 429

    with Visitor(creator.fake) as other:
        assert {other.get("/login").status_code for _ in range(20)} == {200}
        assert other.sign_in(fake_onlyfans.accounts()[1]).read("fan-001").status_code == 200


def test_a_limit_can_be_for_some_requests_only(creator: Visitor) -> None:
    """As in a rule: by method and path."""
    match = {"method": "POST", "path": "/api/chats/*"}
    creator.post("/_control/limits", json={"requests": 1, "per_seconds": 60, "match": match})

    assert [creator.write("fan-001", "x").status_code for _ in range(2)] == [201, 429]
    assert creator.read("fan-001").status_code == 200


@pytest.mark.parametrize("off", [b"{}", b"null"])
def test_a_limit_can_be_turned_off(creator: Visitor, off: bytes) -> None:
    """By an empty object or null."""
    creator.post("/_control/limits", json={"requests": 1, "per_seconds": 60})
    assert [creator.read("fan-001").status_code for _ in range(2)] == [200, 429]

    assert creator.post("/_control/limits", content=off).json() is None

    assert creator.read("fan-001").status_code == 200


@pytest.mark.parametrize(
    "limit",
    [
        [],
        7,
        {"requests": 10},
        {"requests": 0, "per_seconds": 60},
        {"requests": 1.5, "per_seconds": 60},
        {"requests": 1, "per_seconds": -1},
        {"requests": 1, "per_seconds": 0},
        {"requests": 1, "per_seconds": 1, "burst": 2},
        {"requests": 1, "per_seconds": 1, "match": {"method": "BREW"}},
        {"requests": 1, "per_seconds": 1, "match": []},
        {"requests": 1, "per_seconds": 1, "match": {"account": "creator-01", "nth": [1]}},
    ],
)
def test_a_wrong_limit_is_refused(creator: Visitor, limit: object) -> None:
    """400 says what is allowed."""
    answer = creator.post("/_control/limits", json=limit)

    assert answer.status_code == 400
    assert answer.json()["error"]


@given(st.integers(1, 5), st.floats(1, 100), st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_no_window_holds_more_than_the_limit(requests: int, seconds: float, pauses: list[float]) -> None:
    """Wherever a window starts; and a refusal says exactly when there is room."""
    limit, now, taken = Limit(requests, seconds, Match()), 1_000.0, []
    for pause in pauses:
        now += pause
        wait = limit.take("creator-01", now)
        if wait:
            assert limit.take("creator-01", now + wait * 0.999) > 0
        else:
            taken.append(now)

    for start in taken:
        assert sum(start <= each < start + seconds - 1e-6 for each in taken) <= requests
