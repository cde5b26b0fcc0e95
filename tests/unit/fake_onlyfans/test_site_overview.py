"""The page for people."""

import pytest
from visitor import Visitor

import fake_onlyfans


@pytest.mark.parametrize("path", ["/", "/_control/", "/_control/overview"])
def test_people_see_accounts_messages_and_faults(creator: Visitor, path: str) -> None:
    """At the root for strangers, under the control API for everybody."""
    creator.write("fan-001", "<b>Hello</b> there")
    creator.set_faults({"match": {"path": "/media/*"}, "fault": {"kind": "delay", "seconds": 7}, "times": 3})
    with Visitor(creator.fake) as person:
        page = person.get(path).text

    for account in fake_onlyfans.accounts():
        assert account.username in page
        assert account.display_name in page
        assert account.password not in page
    assert "&lt;b&gt;Hello&lt;/b&gt; there" in page
    assert "/media/*" in page
    assert "seconds 7" in page


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": {"kind": "status", "status": 503, "retry_after": 5, "body": {"a": 1}, "headers": {"a": "b"}}},
        {"match": {"method": "GET", "account": "creator-01", "nth": [1, 2]}, "fault": {"kind": "reset"}},
        {"match": {"path": "/x"}, "fault": {"kind": "truncate"}, "times": 1},
    ],
)
def test_every_rule_can_be_shown(visitor: Visitor, rule: dict[str, object]) -> None:
    """Whatever it matches and whatever options it has."""
    visitor.set_faults(rule)

    assert visitor.get("/_control/overview").status_code == 200


def test_a_limit_is_shown(visitor: Visitor) -> None:
    """With its number and its window."""
    visitor.post("/_control/limits", json={"requests": 17, "per_seconds": 60})

    assert "17" in visitor.get("/_control/overview").text


def test_the_pages_need_nothing_from_elsewhere(creator: Visitor) -> None:
    """No address of another host stands on any page."""
    for path in (
        "/",
        "/login",
        "/my/chats",
        "/my/chats/chat/fan-001",
        "/creator-01",
        "/account/password",
        "/_control/",
    ):
        page = creator.get(path).text
        assert "http://" not in page
        assert "https://" not in page
        assert len(page) < 30_000
