"""With no faults set, whatever job is valid succeeds."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visitor import Visitor

import fake_onlyfans
from fake_onlyfans import Account, RunningSite

ACCOUNTS = st.sampled_from(fake_onlyfans.accounts())
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10_000)
a_site = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


@pytest.fixture
def visitors(fake: RunningSite) -> Iterator[dict[str, Visitor]]:
    """Everybody, signed in, each in a session that goes on from job to job."""
    signed_in = {account.username: Visitor(fake).sign_in(account) for account in fake_onlyfans.accounts()}
    yield signed_in
    for each in signed_in.values():
        each.close()


@a_site
@given(account=ACCOUNTS, text=TEXTS, data=st.data())
def test_every_message_reaches_every_fan_who_takes_messages(
    visitors: dict[str, Visitor], account: Account, text: str, data: st.DataObject
) -> None:
    """send_message: once, exactly as it was written, after all that was there before."""
    fan = data.draw(st.sampled_from([fan for fan in account.fans if not fan.blocked]))
    visitor = visitors[account.username]
    before = visitor.read(fan.username, limit=1).json()["messages"]
    accepted = len(visitor.control("messages"))
    assert visitor.get(f"/my/chats/chat/{fan.username}").status_code == 200

    sent = visitor.write(fan.username, text)

    assert sent.status_code == 201
    newest = visitor.read(fan.username, limit=2).json()["messages"]
    assert newest == [{**sent.json(), "author": "me"}, *before]
    assert newest[0]["text"] == text
    new = visitor.control("messages")[accepted:]
    assert [(each["account"], each["fan"], each["text"]) for each in new] == [(account.username, fan.username, text)]


@a_site
@given(account=ACCOUNTS, other=ACCOUNTS)
def test_every_profile_is_there_for_every_account(
    visitors: dict[str, Visitor], account: Account, other: Account
) -> None:
    """scrape_profile: one's own and all others'."""
    page = visitors[account.username].get(f"/{other.username}")

    assert page.status_code == 200
    assert other.display_name in page.text


@a_site
@given(account=ACCOUNTS, data=st.data())
def test_every_conversation_can_be_read_to_its_end(
    visitors: dict[str, Visitor], account: Account, data: st.DataObject
) -> None:
    """get_messages: in pages of any size, blocked fans' and empty ones too."""
    fan = data.draw(st.sampled_from(account.fans))
    limit = data.draw(st.integers(20, 100))
    visitor, query, read = visitors[account.username], {"limit": limit}, 0
    while True:
        page = visitor.read(fan.username, **query)
        assert page.status_code == 200
        read += len(page.json()["messages"])
        if not page.json()["has_more"]:
            break
        query["before"] = page.json()["messages"][-1]["id"]

    sent = sum(
        (each["account"], each["fan"]) == (account.username, fan.username) for each in visitor.control("messages")
    )
    assert read == fan.message_count + sent


@a_site
@given(account=ACCOUNTS, data=st.data())
def test_every_file_can_be_downloaded_in_parts(
    visitors: dict[str, Visitor], account: Account, data: st.DataObject
) -> None:
    """download_media: any cut into ranges puts the same file together."""
    file = data.draw(st.sampled_from(account.media[:4]))
    cuts = sorted(data.draw(st.sets(st.integers(1, file.size - 1), max_size=5)))
    borders = [0, *cuts, file.size]
    visitor = visitors[account.username]

    parts = [
        visitor.get(f"/media/{file.name}", headers={"range": f"bytes={start}-{stop - 1}"})
        for start, stop in pairwise(borders)
    ]

    assert {part.status_code for part in parts} == {206}
    assert b"".join(part.content for part in parts) == b"".join(file.read())
