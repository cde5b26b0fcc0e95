"""Each fault, as a client meets it."""

import asyncio
import time
from email.utils import parsedate_to_datetime

import httpx
import pytest
from turned_clock import TurnedClock
from visitor import POSTS, Visitor, rule

import fake_onlyfans
from fake_onlyfans import Account

A_SHORT_WHILE = 0.15


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 500, 502, 503, 599])
def test_status_answers_in_the_form_that_fits(creator: Visitor, status: int) -> None:
    """JSON for scripts, a page for browsers; nothing is acted upon."""
    creator.set_faults(rule("status", status=status))

    by_script, by_browser = creator.write("fan-001", "lost"), creator.get("/creator-01")

    assert by_script.status_code == by_browser.status_code == status
    assert set(by_script.json()) == {"error"}
    assert f'data-status="{status}"' in by_browser.text
    assert creator.accepted() == []


def test_status_says_when_to_come_back(creator: Visitor, site_clock: TurnedClock) -> None:
    """Retry-After as seconds, as a date so many seconds from now, or as any text."""
    site_clock.ahead = 86_400
    creator.set_faults(
        rule("status", status=429, retry_after=30, times=1),
        rule("status", status=503, retry_after_date=90, times=1),
        rule("status", status=429, retry_after="soon", times=1),
    )

    seconds, date, text = (creator.read("fan-001").headers["retry-after"] for _ in range(3))

    assert seconds == "30"
    assert abs(parsedate_to_datetime(date).timestamp() - site_clock() - 90) < 5
    assert text == "soon"


@pytest.mark.parametrize(
    ("body", "content_type"), [("<b>no</b>", "text/html; charset=utf-8"), ({"error": ["x", 1]}, "application/json")]
)
def test_status_has_the_body_that_it_is_given(creator: Visitor, body: object, content_type: str) -> None:
    """A text as it stands, any other value as JSON."""
    creator.set_faults(rule("status", status=500, body=body))

    answer = creator.read("fan-001")

    assert answer.headers["content-type"] == content_type
    assert (answer.json() if "json" in content_type else answer.text) == body


@pytest.mark.parametrize("status", [204, 205, 304])
def test_status_sends_no_body_where_http_allows_none(creator: Visitor, status: int) -> None:
    """The connection goes on."""
    creator.set_faults(rule("status", status=status, body="x", times=1))

    assert (creator.read("fan-001").status_code, creator.read("fan-001").status_code) == (status, 200)


def test_status_can_send_elsewhere(creator: Visitor) -> None:
    """A redirect is a status with a header."""
    creator.set_faults(rule("status", status=302, headers={"location": "http://169.254.169.254/"}))

    assert creator.get("/media/creator-01-01.jpg").headers["location"] == "http://169.254.169.254/"


def test_status_may_come_after_the_site_has_acted(creator: Visitor) -> None:
    """The message is accepted, and yet the answer is an error."""
    creator.set_faults(rule("status", POSTS, status=500, when="after"))

    assert creator.write("fan-001", "taken").status_code == 500
    assert creator.accepted() == ["taken"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_delay_makes_the_answer_late(creator: Visitor, when: str) -> None:
    """The site acts, and answers as it would, only later."""
    creator.set_faults(rule("delay", POSTS, seconds=A_SHORT_WHILE, when=when))

    started = time.monotonic()
    answer = creator.write("fan-001", "late")

    assert time.monotonic() - started >= A_SHORT_WHILE
    assert answer.status_code == 201


def test_delay_after_has_acted_when_the_client_gives_up(creator: Visitor) -> None:
    """A client that does not wait long enough does not know that its message went through."""
    creator.set_faults(rule("delay", POSTS, seconds=30, when="after"))

    with pytest.raises(httpx.ReadTimeout):
        creator.post("/api/chats/fan-001/messages", json={"text": "taken"}, timeout=A_SHORT_WHILE)

    assert creator.accepted() == ["taken"]


@pytest.mark.parametrize(("when", "accepted"), [("before", []), ("after", ["text"])])
def test_hang_never_answers(creator: Visitor, when: str, accepted: list[str]) -> None:
    """The client waits until it has had enough; the site goes on for others."""
    creator.set_faults(rule("hang", POSTS, when=when))

    with pytest.raises(httpx.ReadTimeout):
        creator.post("/api/chats/fan-001/messages", json={"text": "text"}, timeout=A_SHORT_WHILE)

    assert creator.accepted() == accepted
    assert creator.read("fan-001").status_code == 200


@pytest.mark.parametrize("unannounced", [False, True])
@pytest.mark.parametrize(("when", "accepted"), [("before", []), ("after", ["text"])])
def test_reset_breaks_the_connection(creator: Visitor, when: str, accepted: list[str], unannounced: bool) -> None:
    """A TCP reset, not an end; the next request comes by a new connection."""
    creator.set_faults(rule("reset", POSTS, times=1, when=when, unannounced=unannounced))

    with pytest.raises(httpx.ReadError, match="reset by peer"):
        creator.write("fan-001", "text")

    assert creator.accepted() == accepted
    assert creator.write("fan-001", "again").status_code == 201


def test_challenge_asks_for_a_human(creator: Visitor) -> None:
    """403, a header and a page of its own; nothing is acted upon."""
    creator.set_faults(rule("challenge"))

    for answer in (creator.get("/creator-01"), creator.write("fan-001", "lost")):
        assert (answer.status_code, answer.headers["x-challenge"]) == (403, "1")
        assert 'data-testid="challenge"' in answer.text
    assert creator.accepted() == []


def test_expire_session_signs_out_everywhere(creator: Visitor, account: Account) -> None:
    """This request already is answered as a stranger's; a new log-in helps."""
    with Visitor(creator.fake) as elsewhere:
        elsewhere.sign_in(account)
        creator.set_faults(rule("expire_session", POSTS, times=1))

        assert creator.write("fan-001", "lost").status_code == 401
        assert creator.get("/my/chats").status_code == 303
        assert elsewhere.read("fan-001").status_code == 401

    assert creator.sign_in(account).write("fan-001", "there").status_code == 201
    assert creator.accepted() == ["there"]


@pytest.mark.parametrize(
    "path", ["/login", "/creator-01", "/my/chats/chat/fan-001", "/nobody", "/account/password", "/"]
)
def test_drift_shows_the_same_page_with_other_markup(creator: Visitor, path: str) -> None:
    """None of the test ids, field names and data attributes is left, and the words still are."""
    usual = creator.get(path)
    creator.set_faults(rule("drift"))
    drifted = creator.get(path)

    assert drifted.status_code == usual.status_code
    for mark in ("data-testid", 'name="username"', 'name="password"', 'name="code"', "data-message-id", "data-author"):
        assert mark not in drifted.text
    assert drifted.text != usual.text
    assert len(drifted.text) > 0.9 * len(usual.text)


def test_expire_session_waits_for_a_session(visitor: Visitor, account: Account) -> None:
    """Signing in does not use the fault up: the first request with the session does."""
    visitor.set_faults(rule("expire_session", times=1))
    visitor.get("/login")

    visitor.sign_in(account)

    assert visitor.read("fan-001").status_code == 401
    assert visitor.sign_in(account).read("fan-001").status_code == 200
    assert visitor.control("faults")[0]["fired"] == 1


def test_crash_is_a_small_page(creator: Visitor) -> None:
    """What it does to a renderer is shown in a browser's test."""
    creator.set_faults(rule("crash", {"path": "/creator-01"}))

    answer = creator.get("/creator-01")

    assert (answer.status_code, len(answer.content) < 500) == (200, True)


@pytest.mark.parametrize("path", ["/creator-01", "/api/chats/fan-001/messages", "/media/creator-01-06.mp4"])
def test_truncate_breaks_off_in_the_middle(creator: Visitor, path: str) -> None:
    """The full length is announced, half of it comes, then the connection ends."""
    whole = creator.get(path).content
    creator.set_faults(rule("truncate", {"path": path}))

    got = []
    with creator.stream("GET", path) as answer:
        assert int(answer.headers["content-length"]) == len(whole)
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            got.extend(answer.iter_raw())

    assert b"".join(got) == whole[: len(whole) // 2]


def test_truncate_ends_what_never_ends(creator: Visitor) -> None:
    """A file without a length breaks off after a few bytes."""
    creator.set_faults(rule("truncate"))

    with pytest.raises(httpx.RemoteProtocolError):
        creator.get("/media/endless")


def test_a_truncated_answer_is_to_a_request_that_was_carried_out(creator: Visitor) -> None:
    """The message is accepted, its confirmation cut."""
    creator.set_faults(rule("truncate", POSTS, times=1))

    with pytest.raises(httpx.RemoteProtocolError):
        creator.write("fan-001", "taken")

    assert creator.accepted() == ["taken"]


def test_faults_add_up(creator: Visitor) -> None:
    """A late error is a delay before a status."""
    creator.set_faults(rule("delay", POSTS, seconds=A_SHORT_WHILE), rule("status", POSTS, status=503))

    started = time.monotonic()
    assert creator.write("fan-001", "x").status_code == 503

    assert time.monotonic() - started >= A_SHORT_WHILE
    assert creator.control("requests")[-1]["faults"] == ["delay", "status"]


def test_faults_of_one_request_come_one_after_another(creator: Visitor) -> None:
    """A rule that answers by itself leaves the later ones their turn."""
    creator.set_faults(*(rule("status", POSTS, status=status, times=1) for status in (500, 429, 403)))

    assert [creator.write("fan-001", "x").status_code for _ in range(4)] == [500, 429, 403, 201]


def test_faults_of_a_log_in_can_be_for_one_account(visitor: Visitor, account: Account) -> None:
    """An account is known by the name that it signs in with."""
    visitor.set_faults(rule("status", {"account": "creator-02", "path": "/api/login"}, status=500))
    visitor.sign_in(account)

    assert visitor.post("/api/login", json={"username": "creator-02", "password": "x"}).status_code == 500


def test_in_process_faults_of_the_connection_are_an_exception() -> None:
    """A client without a connection gets the error that a connection would have had."""

    async def ask() -> None:
        app = fake_onlyfans.create_app()
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
            await client.post("/_control/faults", json=[rule("reset")])
            await client.get("/login")

    with pytest.raises(ConnectionResetError):
        asyncio.run(ask())
