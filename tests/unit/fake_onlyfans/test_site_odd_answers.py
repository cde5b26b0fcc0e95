"""The faults of answers that come whole, or never, and are not what they should be."""

import gzip
import time

import httpx
import pytest
from visitor import Visitor, rule

from fake_onlyfans import Account


def test_drip_sends_a_byte_now_and_then(creator: Visitor, account: Account) -> None:
    """What comes at once is as much as was asked for, and the length is announced or not."""
    file = f"/media/{account.media[0].name}"
    for announced in (True, False):
        creator.set_faults(rule("drip", {"path": file}, seconds=0.1, after=100, announced=announced))
        with creator.stream("GET", file) as answer:
            assert ("content-length" in answer.headers) is announced
            pieces = answer.iter_raw()
            started = time.monotonic()
            got = len(next(pieces))
            while got < 103:
                got += len(next(pieces))
            assert 0.2 <= time.monotonic() - started < 5


def test_headers_that_drip_never_end(visitor: Visitor) -> None:
    """The client gives up; the site goes on with others."""
    visitor.set_faults(rule("drip", {"path": "/login"}, seconds=0.02, part="headers"))
    with pytest.raises(httpx.TimeoutException), httpx.Client(base_url=visitor.base_url, timeout=0.01) as client:
        client.get("/login")
    assert visitor.get("/").status_code == 200


def test_disguise_changes_what_an_answer_says_of_itself(creator: Visitor, account: Account) -> None:
    """Status, kind and encoding; the body is the site's own, unless another is given."""
    file = f"/media/{account.media[0].name}"
    whole = creator.get(file).content
    creator.set_faults(rule("disguise", status=206, content_type="text/html", encoding="gzip"))
    with creator.stream("GET", file) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (206, "text/html")
        assert gzip.decompress(b"".join(answer.iter_raw())) == whole
    creator.set_faults(rule("disguise", encoding="br", content_type="", body="x"))
    with creator.stream("GET", file) as answer:
        assert answer.headers["content-encoding"] == "br"
        assert "content-type" not in answer.headers
        assert b"".join(answer.iter_raw()) == b"x"


def test_repeat_shows_the_same_page_for_ever(creator: Visitor, account: Account) -> None:
    """Whatever is asked for; what is written goes through."""
    fan = max(account.fans, key=lambda each: each.message_count).username
    creator.set_faults(rule("repeat"))
    first = creator.read(fan).json()
    again = creator.get(f"/api/chats/{fan}/messages", params={"before": first["messages"][-1]["id"]}).json()
    assert first == again
    assert first["has_more"] is True
    assert creator.write("fan-001", "taken").status_code == 201


def test_markup_puts_something_else_in_an_elements_place(creator: Visitor) -> None:
    """Or nothing."""
    creator.set_faults(rule("markup", element="profile-bio", html="<p>Else</p>"))
    assert "<p>Else</p>" in creator.get("/creator-01").text
    creator.set_faults(rule("markup", element="profile-bio"))
    assert "profile-bio" not in creator.get("/creator-01").text


def test_locale_writes_counts_as_another_language(creator: Visitor, account: Account) -> None:
    """In its digits; the page says which language it is."""
    creator.set_faults(rule("locale", locale="de-DE"))
    page = creator.get(f"/{account.username}").text
    assert '<html lang="de-DE">' in page
    assert f">{account.likes:,}<".replace(",", ".") in page
    creator.set_faults(rule("locale", locale="ar-EG"))
    assert any(digit in creator.get(f"/{account.username}").text for digit in "٠١٢٣٤٥٦٧٨٩")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drip", "seconds": -1},
        {"kind": "drip", "seconds": 1, "part": "feet"},
        {"kind": "drip", "seconds": 1, "after": True},
        {"kind": "drip", "seconds": 1, "announced": 1},
        {"kind": "disguise", "status": 99},
        {"kind": "disguise", "content_type": "é"},
        {"kind": "disguise", "encoding": 1},
        {"kind": "disguise", "body": 1},
        {"kind": "markup", "element": '"'},
        {"kind": "markup", "element": "profile-bio", "html": 1},
        {"kind": "locale", "locale": "xx-YY"},
        {"kind": "locale", "locale": 1},
        {"kind": "locale", "locale": "de", "style": "tiny"},
        {"kind": "repeat", "pages": 1},
    ],
)
def test_an_option_that_means_nothing_is_refused(visitor: Visitor, fault: dict[str, object]) -> None:
    """With its name, and what is allowed."""
    answer = visitor.post("/_control/faults", json=[{"fault": fault}])
    assert answer.status_code == 400
    assert "rule 1" in answer.json()["error"]
