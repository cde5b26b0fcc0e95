"""Signing in, staying signed in, and being signed out."""

import json

import httpx
import pyotp
import pytest
from turned_clock import TurnedClock
from visitor import Visitor

import fake_onlyfans
from fake_onlyfans import Account
from fake_onlyfans.sessions import SECOND_FACTOR_SECONDS, SESSION_SECONDS

PAGES = ["/creator-01", "/my/chats", "/my/chats/chat/fan-001", "/account/password", "/nobody"]


def test_name_and_password_open_a_session(visitor: Visitor, account: Account) -> None:
    """The answer is ok, with a cookie that scripts of the page cannot read."""
    answer = visitor.post("/api/login", json={"username": account.username, "password": account.password})

    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert answer.headers["set-cookie"].startswith("sess=")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert visitor.get("/my/chats").status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {"username": "creator-01", "password": "wrong"},
        {"username": "nobody", "password": "wrong"},
        {"username": "creator-01"},
        {"username": None, "password": ["x"]},
        {"username": "creator-01", "password": "\ud800"},
    ],
)
def test_anything_else_is_refused(visitor: Visitor, given: dict[str, object]) -> None:
    """Wrong, missing or strange credentials are 401 and open nothing."""
    answer = visitor.post("/api/login", content=json.dumps(given))

    assert (answer.status_code, answer.json()) == (401, {"error": "wrong_credentials"})
    assert not visitor.cookies


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"'])
def test_a_log_in_that_is_no_object_is_a_bad_request(visitor: Visitor, body: bytes) -> None:
    """What cannot be read is 400, not an error of the site."""
    answer = visitor.post("/api/login", content=body)

    assert (answer.status_code, answer.json()) == (400, {"error": "bad_request"})


@pytest.mark.parametrize("account", [each for each in fake_onlyfans.accounts() if each.totp_secret])
def test_a_second_factor_asks_for_its_code(visitor: Visitor, account: Account) -> None:
    """The password alone opens nothing; the code of the secret does."""
    answer = visitor.post("/api/login", json={"username": account.username, "password": account.password})
    assert answer.json() == {"two_factor": True}
    assert visitor.read("fan-001").status_code == 401

    wrong = visitor.post("/api/login/2fa", json={"code": "000000"})
    right = visitor.post("/api/login/2fa", json={"code": pyotp.TOTP(account.totp_secret).now()})

    assert (wrong.status_code, wrong.json()) == (401, {"error": "wrong_code"})
    assert (right.status_code, right.json()) == (200, {"ok": True})
    assert visitor.read("fan-001").status_code == 200


def test_a_code_without_a_password_is_refused(visitor: Visitor) -> None:
    """The second step needs the first, and that not too long ago."""
    account = fake_onlyfans.accounts()[2]
    assert visitor.post("/api/login/2fa", json={"code": pyotp.TOTP(account.totp_secret).now()}).status_code == 401


def test_the_second_step_waits_only_so_long(visitor: Visitor, site_clock: TurnedClock) -> None:
    """After ten minutes the password is asked for again."""
    account = fake_onlyfans.accounts()[2]
    visitor.post("/api/login", json={"username": account.username, "password": account.password})

    site_clock.ahead += SECOND_FACTOR_SECONDS + 1
    answer = visitor.post("/api/login/2fa", json={"code": pyotp.TOTP(account.totp_secret).at(site_clock())})

    assert answer.json() == {"error": "log_in_first"}


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_the_log_in(visitor: Visitor, path: str) -> None:
    """Pages redirect, whether they exist or not."""
    answer = visitor.get(path)

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize(
    "path", ["/api/chats/fan-001/messages", "/api/chats/nobody/messages", "/media/creator-01-01.jpg"]
)
def test_a_strangers_script_gets_401(visitor: Visitor, path: str) -> None:
    """The API and the media answer JSON."""
    answer = visitor.get(path)

    assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})


def test_a_session_expires(creator: Visitor, site_clock: TurnedClock) -> None:
    """It holds to its last second and not longer."""
    site_clock.ahead += SESSION_SECONDS - 60
    assert creator.get("/my/chats").status_code == 200

    site_clock.ahead += 61
    assert creator.get("/my/chats").status_code == 303
    assert creator.read("fan-001").status_code == 401


def test_signing_out_ends_one_session_only(creator: Visitor, account: Account) -> None:
    """Another session of the same account goes on."""
    with Visitor(creator.fake) as elsewhere:
        elsewhere.sign_in(account)
        assert creator.post("/logout").headers["location"] == "/login"

        assert creator.get("/my/chats").status_code == 303
        assert elsewhere.get("/my/chats").status_code == 200


def test_the_old_cookie_is_worth_nothing_after_signing_out(creator: Visitor) -> None:
    """It is the session that ends, not only the cookie."""
    kept = dict(creator.cookies)
    creator.post("/logout")

    assert httpx.get(f"{creator.fake.url}/my/chats", cookies=kept, timeout=60).status_code == 303


def test_the_root_is_light_for_who_is_signed_in(creator: Visitor) -> None:
    """Scrapers land there after each log-in: a few kilobytes, no script."""
    home = creator.get("/")

    assert 'data-testid="home"' in home.text
    assert len(home.content) < 5_000
    assert "<script" not in home.text
