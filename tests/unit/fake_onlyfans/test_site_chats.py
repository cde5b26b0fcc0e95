"""Conversations through the API."""

import json
import re

import pytest
from hostile_texts import HOSTILE
from turned_clock import TurnedClock
from visitor import Visitor

import fake_onlyfans
from fake_onlyfans import Account
from fake_onlyfans.pages.chats import LONGEST_TEXT


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_is_taken_exactly_as_it_was_typed(creator: Visitor, text: str) -> None:
    """The answer, the conversation and the control API all have the very same text."""
    sent = creator.write("fan-001", text)

    assert sent.status_code == 201
    assert sent.json()["text"] == text
    newest = creator.read("fan-001", limit=1).json()["messages"][0]
    assert newest == {**sent.json(), "author": "me"}
    assert [each["text"] for each in creator.control("messages")] == [text]


def test_an_accepted_message_is_told_with_its_two_sides_and_its_time(
    creator: Visitor, account: Account, site_clock: TurnedClock
) -> None:
    """The control API lists accepted messages in order."""
    before = site_clock()
    first, second = creator.write("fan-002", "one").json(), creator.write("fan-001", "two").json()

    messages = creator.control("messages")

    assert [(each["account"], each["fan"], each["text"], each["id"]) for each in messages] == [
        (account.username, "fan-002", "one", first["id"]),
        (account.username, "fan-001", "two", second["id"]),
    ]
    assert before <= messages[0]["time"] <= messages[1]["time"] <= site_clock()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["created_at"])


@pytest.mark.parametrize(
    ("text", "error"),
    [("", "empty"), (None, "empty"), (7, "empty"), ("x" * (LONGEST_TEXT + 1), "too_long"), ("\ud800", "not_text")],
    ids=["empty", "null", "number", "too long", "lone surrogate"],
)
def test_what_is_no_text_is_refused(creator: Visitor, text: object, error: str) -> None:
    """Nothing is kept of it."""
    answer = creator.post("/api/chats/fan-001/messages", content=json.dumps({"text": text}))

    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert creator.control("messages") == []


def test_a_blocked_fan_cannot_be_written_to_but_read(creator: Visitor, account: Account) -> None:
    """Writing is 403; the history and the page are still there."""
    fan = next(fan for fan in account.fans if fan.blocked)

    answer = creator.write(fan.username, "hello")

    assert (answer.status_code, answer.json()) == (403, {"error": "blocked"})
    assert creator.control("messages") == []
    assert creator.read(fan.username).status_code == 200
    assert creator.get(f"/my/chats/chat/{fan.username}").status_code == 200


def test_an_empty_conversation_is_an_ordinary_answer(creator: Visitor, account: Account) -> None:
    """No messages, and no more."""
    fan = next(fan for fan in account.fans if not fan.message_count)

    assert creator.read(fan.username).json() == {"messages": [], "has_more": False}


@pytest.mark.parametrize("limit", [1, 7, 50, 100])
def test_a_long_conversation_is_read_in_pages(creator: Visitor, account: Account, limit: int) -> None:
    """Every message comes exactly once, newest first, whatever the size of a page."""
    fan = max(account.fans, key=lambda fan: fan.message_count if limit > 1 else -abs(fan.message_count - 5))
    read, before, more = [], None, True
    while more:
        page = creator.read(fan.username, limit=limit, **({"before": before} if before else {})).json()
        assert len(page["messages"]) == limit or not page["has_more"]
        read += page["messages"]
        before, more = page["messages"][-1]["id"], page["has_more"]

    assert len(read) == fan.message_count
    assert len({each["id"] for each in read}) == len(read)
    assert [each["created_at"] for each in read] == sorted((each["created_at"] for each in read), reverse=True)
    assert {each["author"] for each in read} == {"me", fan.username}


def test_a_message_that_comes_while_pages_are_read_moves_none(creator: Visitor) -> None:
    """Pages are cut by id, not by number."""
    first = creator.read("fan-001", limit=2).json()["messages"]
    creator.write("fan-001", "in between")

    second = creator.read("fan-001", limit=2, before=first[-1]["id"]).json()["messages"]

    everything = creator.read("fan-001", limit=5).json()["messages"]
    assert everything[1:] == first + second


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"limit": "²"}, {"before": "1"}])
def test_a_page_that_cannot_be_is_a_bad_request(creator: Visitor, query: dict[str, object]) -> None:
    """The limit is 1 to 100; ``before`` is a message of the conversation."""
    assert creator.read("fan-001", **query).status_code == 400


def test_accounts_do_not_see_each_others_messages(creator: Visitor) -> None:
    """The same fan's name is another fan for another creator."""
    creator.write("fan-001", "mine")
    with Visitor(creator.fake) as other:
        other.sign_in(fake_onlyfans.accounts()[1])
        assert all(each["text"] != "mine" for each in other.read("fan-001").json()["messages"])
