"""Changing the password."""

import pytest
from visitor import Visitor

import fake_onlyfans
from fake_onlyfans import Account

NEW = "a new and longer word"


@pytest.mark.parametrize("way", ["json", "data"])
def test_a_changed_password_is_the_only_one(creator: Visitor, account: Account, way: str) -> None:
    """By JSON and by form: the new one signs in, the old one does not, and every session before is over."""
    with Visitor(creator.fake) as elsewhere:
        elsewhere.sign_in(account)
        before = dict(creator.cookies)

        answer = creator.post("/account/password", **{way: {"current": account.password, "new": NEW}})

        assert answer.status_code == 200
        assert elsewhere.get("/my/chats").status_code == 303
        assert creator.get("/my/chats").status_code == 200, "who changed it stays signed in, by a new session"
        assert dict(creator.cookies) != before
        for password, status in ((account.password, 401), (NEW, 200)):
            again = elsewhere.post("/api/login", json={"username": account.username, "password": password})
            assert again.status_code == status
    assert creator.control("accounts")[0]["password"] == NEW


@pytest.mark.parametrize("way", ["json", "data"])
@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"current": "wrong", "new": NEW}, 403, "wrong_password"),
        ({"new": NEW}, 403, "wrong_password"),
        ({"current": "", "new": "short"}, 400, "weak_password"),
        ({"current": ""}, 400, "weak_password"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(
    creator: Visitor, account: Account, way: str, given: dict[str, str], status: int, said: str
) -> None:
    """The current password must be right, the new one long enough."""
    given = {name: value or account.password for name, value in given.items()}

    answer = creator.post("/account/password", **{way: given})

    assert answer.status_code == status
    assert said in answer.text.lower().replace(" ", "_")
    assert creator.fake.site.passwords[account.username] == account.password
    assert creator.get("/my/chats").status_code == 200


def test_a_stranger_changes_nothing(visitor: Visitor, account: Account) -> None:
    """Without a session, the right password is not enough."""
    answer = visitor.post("/account/password", json={"current": account.password, "new": NEW})

    assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})
    assert visitor.fake.site.passwords[account.username] == account.password


def test_an_account_with_a_second_factor_changes_its_password_too(visitor: Visitor) -> None:
    """The factor is for signing in; the change asks for the password."""
    account = fake_onlyfans.accounts()[2]
    visitor.sign_in(account)

    assert visitor.post("/account/password", json={"current": account.password, "new": NEW}).json() == {"ok": True}
