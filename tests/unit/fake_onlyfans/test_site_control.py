"""The control API, and what the site writes down."""

import json
import logging

import pytest
from turned_clock import TurnedClock
from visitor import Visitor

import fake_onlyfans
from fake_onlyfans import Account


def test_every_request_is_written_down(creator: Visitor, account: Account, site_clock: TurnedClock) -> None:
    """Time, method, path, account and status, in the order in which they came."""
    creator.read("fan-001", limit=2)
    creator.get("/nobody")

    log_in, read, nobody = creator.control("requests")

    assert [each["status"] for each in (log_in, read, nobody)] == [200, 200, 404]
    assert {each["account"] for each in (log_in, read, nobody)} == {account.username}
    assert (read["method"], read["path"], read["query"]) == ("GET", "/api/chats/fan-001/messages", "limit=2")
    assert site_clock() - 60 < log_in["time"] <= read["time"] <= nobody["time"] <= site_clock()


def test_a_strangers_request_has_no_account(visitor: Visitor) -> None:
    """A name that no account has is nobody's, too."""
    visitor.get("/login")
    visitor.post("/api/login", json={"username": "nobody", "password": "x"})

    assert [each["account"] for each in visitor.control("requests")] == [None, None]


def test_the_second_step_of_a_log_in_is_the_accounts(visitor: Visitor) -> None:
    """Its cookie says whose it is."""
    visitor.sign_in(fake_onlyfans.accounts()[2])

    assert [each["account"] for each in visitor.control("requests")] == ["creator-03", "creator-03"]


def test_the_api_key_is_seen_but_not_kept(creator: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    """Requests and log say that there was one, never which."""
    with caplog.at_level(logging.INFO, "fake_onlyfans"):
        creator.get("/api/chats/fan-001/messages", headers={"X-Api-Key": "a marked secret"})
        requests = creator.control("requests")

    assert [each["api_key"] for each in requests] == [None, "present"]
    assert "a marked secret" not in json.dumps(requests) + caplog.text


def test_the_log_has_a_line_of_json_for_each_request(
    creator: Visitor, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    """With the faults that the request met, and without passwords and cookies."""
    creator.set_faults({"match": {"path": "/creator-02"}, "fault": {"kind": "status", "status": 503}})
    with caplog.at_level(logging.INFO, "fake_onlyfans"):
        creator.get("/creator-02")
        creator.sign_in(account)
        creator.control("requests")  # a line is written when its answer is out; by this one's, both are

    first, second = (json.loads(each.message) for each in caplog.records if each.name == "fake_onlyfans.requests")
    assert (first["path"], first["status"], first["faults"]) == ("/creator-02", 503, ["status"])
    assert (second["path"], second["account"]) == ("/api/login", account.username)
    assert account.password not in caplog.text
    assert creator.cookies["sess"] not in caplog.text


def test_a_request_without_an_answer_has_no_status(creator: Visitor) -> None:
    """It is written down when it comes, whatever becomes of it."""
    creator.set_faults({"match": {"path": "/creator-02"}, "fault": {"kind": "reset"}})
    with pytest.raises(Exception, match="reset"):
        creator.get("/creator-02")

    last = creator.control("requests")[-1]
    assert (last["path"], last["status"], last["faults"]) == ("/creator-02", None, ["reset"])


def test_the_control_api_is_neither_recorded_nor_faulted_nor_limited(creator: Visitor) -> None:
    """Whatever is set, it answers."""
    creator.set_faults({"fault": {"kind": "status", "status": 500}})
    creator.post("/_control/limits", json={"requests": 1, "per_seconds": 60})

    for _ in range(3):
        creator.control("faults")
        creator.control("messages")
        assert creator.get("/_control/").status_code == 200

    assert [each["path"] for each in creator.control("requests")] == ["/api/login"]


def test_reset_starts_again(creator: Visitor, account: Account) -> None:
    """Messages, sessions, passwords, faults, limit and requests are as at first."""
    creator.write("fan-001", "gone")
    creator.post("/account/password", json={"current": account.password, "new": "something else"})
    creator.set_faults({"match": {"path": "/x"}, "fault": {"kind": "hang"}})
    creator.post("/_control/limits", json={"requests": 1, "per_seconds": 60})

    answer = creator.post("/_control/reset")

    assert answer.json() == {"seed": 1, "accounts": [each.username for each in fake_onlyfans.accounts()]}
    for name in ("requests", "messages", "faults"):
        assert creator.control(name) == []
    assert creator.read("fan-001").status_code == 401
    creator.sign_in(account)
    assert {creator.read("fan-001").status_code for _ in range(5)} == {200}
    assert all(each["text"] != "gone" for each in creator.read("fan-001").json()["messages"])


def test_reset_may_take_another_seed_and_another_length_of_sessions(visitor: Visitor, site_clock: TurnedClock) -> None:
    """Until the next reset, which goes back to how the site was started."""
    visitor.post("/_control/reset", json={"seed": 2, "session_seconds": 30})
    visitor.sign_in(fake_onlyfans.accounts(2)[0])
    site_clock.ahead += 31
    assert visitor.read("fan-001").status_code == 401

    visitor.post("/_control/reset", json={})
    visitor.sign_in(fake_onlyfans.accounts(1)[0])
    site_clock.ahead += 31
    assert visitor.read("fan-001").status_code == 200


def test_a_reset_may_grow_accounts_of_given_names(visitor: Visitor) -> None:
    """They sign in, have the fans and files that were named, and each conversation its own ids; till the next reset."""
    names = {"fans": ["u-1", "u-2"], "media": ["m1.mp4", "m2"]}
    visitor.post("/_control/reset", json={"grown_accounts": {"acct-a": names, "acct-b": names}})
    told = {each["username"]: each for each in visitor.control("accounts")}
    one, other = told["acct-a"], told["acct-b"]
    assert one["password"] != other["password"]
    assert [it["content_type"] for it in one["media"][-2:]] == ["video/mp4", "image/jpeg"]

    answer = visitor.post("/api/login", json={"username": "acct-a", "password": one["password"]})
    assert answer.json()["ok"]
    ids = [{it["id"] for it in visitor.read(fan).json()["messages"]} for fan in names["fans"]]
    assert all(ids)
    assert not ids[0] & ids[1]
    visitor.write("u-1", "hello")
    assert visitor.control("messages")[-1]["fan"] == "u-1"
    assert visitor.get("/media/m1.mp4").status_code == 200

    visitor.post("/_control/reset", json={})
    assert "acct-a" not in {each["username"] for each in visitor.control("accounts")}


def test_a_grown_account_may_have_a_second_factor(visitor: Visitor) -> None:
    """It is asked for one, and has the secret of it."""
    visitor.post("/_control/reset", json={"grown_accounts": {"a": {"second_factor": True}, "b": {}}})
    told = {each["username"]: each for each in visitor.control("accounts")}

    assert told["a"]["totp_secret"]
    assert not told["b"]["totp_secret"]
    answer = visitor.post("/api/login", json={"username": "a", "password": told["a"]["password"]})
    assert answer.json() == {"two_factor": True}


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        '{"grown_accounts": {"creator-01": {}}}',
        '{"grown_accounts": {"a": {"fans": "b"}}}',
        '{"grown_accounts": {"a": {"second_factor": "yes"}}}',
        '{"seed": "x"}',
        '{"seed": true}',
        '{"session_seconds": 0}',
        '{"speed": 1}',
        "{",
    ],
)
def test_a_wrong_reset_resets_nothing(creator: Visitor, body: str) -> None:
    """400, and the session still holds."""
    answer = creator.post("/_control/reset", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert creator.read("fan-001").status_code == 200


def test_accounts_tell_all_that_a_test_needs(visitor: Visitor) -> None:
    """What signs in, whom one can write to, what can be downloaded; equal to what the seed says."""
    told = visitor.control("accounts")

    for each, account in zip(told, fake_onlyfans.accounts(), strict=True):
        assert (each["username"], each["password"], each["totp_secret"]) == account[:3]
        assert each["fans"] == [fan._asdict() for fan in account.fans]
        assert [file["name"] for file in each["media"]] == [file.name for file in account.media]


@pytest.mark.parametrize(("method", "name"), [("GET", "reset"), ("POST", "requests"), ("GET", "nothing")])
def test_what_the_control_api_does_not_have_is_an_error(visitor: Visitor, method: str, name: str) -> None:
    """Never a page of the site."""
    assert visitor.request(method, f"/_control/{name}").status_code in (404, 405)
