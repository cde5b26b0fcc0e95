"""What is sent along in a page's place; that it is what Chromium sends, the integration test shows."""

import pytest

from huntaze_scraper.onlyfans import page_headers
from huntaze_scraper.onlyfans.site import Site

API = "https://onlyfans.com/api/chats/a%20b/messages"


@pytest.mark.parametrize(
    ("origin", "relation"),
    [
        ("https://onlyfans.com", "same-origin"),
        ("https://www.onlyfans.com", "same-site"),
        ("https://onlyfans.com:8443", "same-site"),
        ("http://onlyfans.com", "cross-site"),
        ("https://evilonlyfans.com", "cross-site"),
    ],
)
def test_an_address_is_told_how_near_its_page_is(origin: str, relation: str) -> None:
    """As Fetch Metadata names it."""
    headers = page_headers.of_posting(API, {"Origin": origin, "x": "y"}, "XHR")
    assert headers == {
        "Origin": origin,
        "x": "y",
        "sec-fetch-site": relation,
        "sec-fetch-mode": "cors",
        "sec-fetch-dest": "empty",
    }


def test_a_form_that_is_sent_goes_as_a_navigation() -> None:
    """By the user's own hand."""
    headers = page_headers.of_posting(API, {}, "Document")
    assert headers == {
        "sec-fetch-site": "same-origin",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
        "sec-fetch-user": "?1",
    }


def test_an_address_that_anybody_can_listen_to_is_told_nothing() -> None:
    """Browsers tell it by https and to their own machine."""
    assert page_headers.of_posting("http://onlyfans.com/x", {"a": "b"}, "XHR") == {"a": "b"}
    assert page_headers.of_posting("http://127.0.0.1:8300/x", {}, "XHR")["sec-fetch-site"] == "same-origin"


def test_a_conversation_is_read_as_its_page_would_read_it() -> None:
    """Of what the browser sent for a page, only what it sends with everything."""
    page = Site("https://onlyfans.com").reader(f"{API}?limit=1")
    assert page == "https://onlyfans.com/my/chats/chat/a%20b"
    known = {
        "sec-ch-ua": "c",
        "User-Agent": "u",
        "upgrade-insecure-requests": "1",
        "accept": "text/html",
        "cookie": "s",
    }
    assert page_headers.of_reading(API, page, known) == {
        "accept": "*/*",
        "referer": page,
        "sec-ch-ua": "c",
        "user-agent": "u",
        "sec-fetch-site": "same-origin",
        "sec-fetch-mode": "cors",
        "sec-fetch-dest": "empty",
    }
