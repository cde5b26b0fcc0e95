"""The site's addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import Refused
from huntaze_scraper.onlyfans.site import Site

SITE = Site("https://onlyfans.com")


@pytest.mark.parametrize("url", ["https://onlyfans.com/ana", "https://onlyfans.com/ana/", "/ana", "ana", " ana "])
def test_a_profile_is_given_by_address_path_or_name(url: str) -> None:
    """All of them are one address on the site."""
    assert SITE.profile(url) == "https://onlyfans.com/ana"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/ana",
        "http://onlyfans.com/ana",
        "https://onlyfans.com@evil.example/ana",
        "https://onlyfans.com.evil.example/ana",
        "//evil.example/ana",
        "https://onlyfans.com:444/ana",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://onlyfans.com/my/settings",
        "https://onlyfans.com/login",
        "https://onlyfans.com/api/x",
        "https://onlyfans.com/ana/posts",
        "https://onlyfans.com/",
        "https://[",
        "/..",
        "/%2e%2e",
    ],
)
def test_a_signed_in_browser_is_sent_nowhere_else(url: str) -> None:
    """Other hosts, schemes, ports, and pages of the site that are no profile are refused."""
    with pytest.raises(Refused):
        SITE.profile(url)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=128))
def test_a_fans_name_stays_one_segment_of_its_path(fan: str) -> None:
    """Whatever printable name it is, it addresses that chat or is refused."""
    if fan in {".", ".."}:
        with pytest.raises(Refused):
            SITE.chat(fan)
        return
    assert SITE.chat(fan).count("/") == "https://onlyfans.com/my/chats/chat/x".count("/")
    assert SITE.messages(fan, 50, "7").startswith("https://onlyfans.com/api/chats/")
    assert "?" not in SITE.messages_path(fan)


def test_the_log_in_form_is_known_by_its_path() -> None:
    """Also with the query that says where one came from, and only on the site."""
    assert SITE.is_login("https://onlyfans.com/login?next=/x")
    assert not SITE.is_login("https://onlyfans.com/loginx")
    assert not SITE.is_login("https://elsewhere.example/login")
