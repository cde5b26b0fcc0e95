"""Faults around what the site keeps: late, in another spelling, deleted; and pages that ask, or correct."""

import time

import pytest
from visitor import POSTS, Visitor, rule

PATIENCE_SECONDS = 20.0


def await_accepted(creator: Visitor, texts: list[str]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while creator.accepted() != texts:
        assert time.monotonic() < until, f"still {creator.accepted()}"
        time.sleep(0.02)


@pytest.mark.parametrize("status", [200, 400, 429, 500, 502, 504, 524])
def test_a_late_commit_comes_whatever_was_answered(creator: Visitor, status: int) -> None:
    """The answer is what the rule says, and the message is there a while after it, once."""
    creator.set_faults(rule("commit_late", POSTS, 1, seconds=0.3, answer={"kind": "status", "status": status}))
    assert creator.write("fan-001", "late").status_code == status
    assert creator.accepted() == []
    await_accepted(creator, ["late"])


def test_a_late_commit_outlives_a_client_that_went(creator: Visitor) -> None:
    """No answer at all: whoever asked has given up when the site acts."""
    creator.set_faults(rule("commit_late", POSTS, seconds=0.6, answer={"kind": "hang"}))
    with pytest.raises(Exception, match="timed out"):
        creator.post("/api/chats/fan-001/messages", json={"text": "late"}, timeout=0.2)
    await_accepted(creator, ["late"])


def test_a_reset_forgets_what_would_have_come(creator: Visitor) -> None:
    """A test does not find the message of the one before."""
    creator.set_faults(rule("commit_late", POSTS, seconds=0.2))
    creator.write("fan-001", "late")
    creator.post("/_control/reset")
    time.sleep(0.4)
    assert creator.accepted() == []


def test_a_rewritten_text_is_kept_shown_and_answered_in_its_new_spelling(creator: Visitor) -> None:
    """Normal form first, then the patterns in their order."""
    creator.set_faults(rule("rewrite", normalise="NFC", replacements=[[r"\.\.\.", "…"], [r"http://\S+", "sho.rt/1"]]))
    answer = creator.write("fan-001", "cafe\u0301... http://example.com/x")
    kept = "caf\u00e9… sho.rt/1"
    assert answer.json()["text"] == kept
    assert creator.read("fan-001", limit=1).json()["messages"][0]["text"] == kept


def test_a_message_that_somebody_deletes_is_gone(creator: Visitor) -> None:
    """The last one, or the one that is named; before the request is acted on, or after."""
    ids = [creator.write("fan-001", text).json()["id"] for text in ("one", "two", "three")]
    creator.set_faults(
        rule("forget_message", {"method": "GET"}, 1),
        rule("forget_message", {"method": "GET"}, 1, id=ids[0], when="after"),
    )
    seen = [[each["id"] for each in creator.read("fan-001", limit=3).json()["messages"]] for _ in range(2)]
    assert seen[0][:2] == [ids[1], ids[0]]
    assert ids[0] not in seen[1]


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("commit_late", {"seconds": 1, "answer": {"kind": "drift"}}, "allowed: status, hang, reset"),
        ("rewrite", {"replacements": ["x"]}, "allowed: a list of pairs"),
        ("rewrite", {"replacements": [["(", ""]]}, "is no pattern"),
        ("rewrite", {"normalise": "NFX"}, "allowed: NFC"),
        ("dialog", {"type": "shout"}, "allowed: confirm"),
        ("autocorrect", {}, "needs"),
    ],
)
def test_a_wrong_option_is_told(creator: Visitor, kind: str, options: dict[str, object], told: str) -> None:
    """With what is allowed there."""
    answer = creator.post("/_control/faults", json=[rule(kind, **options)])
    assert answer.status_code == 400
    assert told in answer.json()["error"]
