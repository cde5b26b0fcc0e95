"""Profiles of the creators, and pages that are not there."""

import re
from html import unescape

import pytest
from visitor import Visitor

import fake_onlyfans


def shown(page: str, test_id: str) -> str:
    """Return the text of the element with the test id."""
    found = re.search(rf'data-testid="{test_id}">(.*?)</', page, re.DOTALL)
    assert found, f"no {test_id} on the page"
    return unescape(found[1])


@pytest.mark.parametrize("profile", fake_onlyfans.accounts(), ids=lambda each: each.username)
def test_a_profile_says_what_the_seed_says(creator: Visitor, profile: fake_onlyfans.Account) -> None:
    """Each field stands under its test id, exactly."""
    page = creator.get(f"/{profile.username}").text

    assert shown(page, "profile-name") == profile.display_name
    assert shown(page, "profile-bio") == profile.bio
    assert int(shown(page, "profile-posts")) == profile.posts
    assert int(shown(page, "profile-likes")) == profile.likes
    assert int(shown(page, "profile-fans")) == profile.fan_total
    assert int(shown(page, "profile-media-count")) == len(profile.media)


@pytest.mark.parametrize(
    "path", ["/nobody", "/creator-13", "/a/b/c", "/my/chats/chat/nobody", "/my/chats/chat/a%2Fb", "/%00"]
)
def test_what_is_not_there_is_a_page_that_says_so(creator: Visitor, path: str) -> None:
    """An unknown profile, fan or path is an ordinary 404."""
    answer = creator.get(path)

    assert answer.status_code == 404
    assert 'data-testid="not-found"' in answer.text


def test_what_the_api_does_not_have_is_json(creator: Visitor) -> None:
    """Scripts get a 404 that they can read."""
    for answer in (creator.get("/api/nothing"), creator.read("nobody"), creator.get("/media/nothing")):
        assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})


def test_a_method_that_a_path_does_not_take_is_405(creator: Visitor) -> None:
    """The path is there, the method is not."""
    assert creator.request("DELETE", "/api/chats/fan-001/messages").status_code == 405
