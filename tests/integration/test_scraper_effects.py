"""A message in a real Chromium, at a site that acts late, writes it otherwise, loses it, or asks first."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from huntaze_scraper.errors import NobodyKnows, OddPage
from huntaze_scraper.onlyfans import tab as pages
from tests.integration.scraper_office import Ledger, Office, World, wanted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.requirement("9.5")]

SEND: dict[str, Any] = {"method": "POST", "path": "/api/chats/*/messages"}
CHAT: dict[str, Any] = {"method": "GET", "path": "/my/chats/chat/*"}
GATEWAYS: list[dict[str, Any]] = [
    *(
        {"kind": "status", "status": status, "body": "<h1>Bad gateway</h1>"}
        for status in (500, 502, 503, 504, 520, 524)
    ),
    {"kind": "status", "status": 408, "body": ""},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 200, "body": "<h1>Please wait</h1>"},
    {"kind": "reset"},
]


@pytest.mark.parametrize("answer", GATEWAYS, ids=lambda each: f"{each['kind']} {each.get('status', '')}".strip())
def test_what_a_gateway_answers_in_the_sites_place_is_waited_for(
    place: World, office: Office, answer: dict[str, Any]
) -> None:
    """The site acts a second later: found, and not sent again."""

    async def scenario() -> None:
        office.fault("commit_late", seconds=1, answer=answer, **SEND, times=1)
        data = await office.carry_out(wanted(office.account))
        assert data["found_in_conversation"]
        assert [text for _, _, text in office.sent] == ["hello"]
        assert len(office.posted) == 1

    place.run(scenario())


def test_a_request_that_hangs_while_its_task_is_told_to_end_is_waited_for_by_the_next(
    place: World, office: Office
) -> None:
    """The successor keeps to the time that its predecessor left, and finds the message that came meanwhile."""
    office.late_effect_seconds = 6.0

    async def scenario() -> None:
        ledger = Ledger()
        office.fault("commit_late", seconds=3, answer={"kind": "hang"}, **SEND, times=1)
        running = asyncio.create_task(office.carry_out(wanted(office.account), ledger))
        while not office.posted:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.wait((running,))
        assert ledger.effect is not None
        assert office.sent == []
        data = await office.carry_out(wanted(office.account), ledger)
        assert data["found_in_conversation"]
        assert len(office.sent) == len(office.posted) == 1

    place.run(scenario())


@pytest.mark.parametrize(
    ("text", "replacements"),
    [
        ("wait for it...", [[r"\.\.\.", "…"]]),
        ("good morning :)", [[r":\)", "😊"]]),
        ("so\u200bmuch", [["\u200b", ""]]),
        ("see https://example.com/a/long/way", [[r"https://\S+", "https://sho.rt/x"]]),
        ('"yes" & <no>', [['"', "&quot;"], ["&(?!quot)", "&amp;"], ["<", "&lt;"], [">", "&gt;"]]),
        ("two  blanks\n\n\nand lines", [[r"\s+", " "]]),
    ],
    ids=["ellipsis", "emoticon", "zero width", "link", "entities", "blanks"],
)
@pytest.mark.parametrize("typed", [False, True], ids=["by the site", "as it is typed"])
def test_a_text_in_the_sites_own_spelling_is_sent_once(
    place: World, office: Office, text: str, replacements: list[list[str]], typed: bool
) -> None:
    """Whether it is kept otherwise, and its answer lost, or changed in the field already: neither refused nor doubled."""

    async def scenario() -> None:
        if typed:
            office.fault("autocorrect", replacements=replacements, **CHAT)
        else:
            office.faults(
                {"match": SEND, "fault": {"kind": "reset", "when": "after"}, "times": 1},
                {"match": SEND, "fault": {"kind": "rewrite", "replacements": replacements}},
            )
        data = await office.carry_out(wanted(office.account, message_content=text))
        assert data["found_in_conversation"] is not typed
        assert len(office.sent) == 1

    place.run(scenario())


def test_an_input_that_loses_words_is_not_sent(place: World, office: Office) -> None:
    """What is cut off is no spelling of the site's."""

    async def scenario() -> None:
        office.fault("autocorrect", replacements=[["tonight.*", ""]], **CHAT)
        with pytest.raises(Exception, match="whole text"):
            await office.carry_out(wanted(office.account, message_content="see you tonight at nine"))
        assert office.posted == []

    place.run(scenario())


@pytest.mark.parametrize("came", [True, False], ids=["acted on", "not acted on"])
def test_a_deleted_mark_and_the_same_words_long_ago_do_not_make_a_message(
    place: World, office: Office, came: bool
) -> None:
    """The post is answered 500; the message before it is deleted; the same words stand in the history."""
    account = office.account
    fan = next(fan for fan in account.fans if fan.message_count > 3)
    thread = office.fake.site.conversations.thread(account, fan)
    old = next(message for message in thread[:-1] if message.author == "me")

    async def scenario() -> None:
        office.faults(
            {"match": SEND, "fault": {"kind": "forget_message", "id": thread[-1].id}, "times": 1},
            {
                "match": SEND,
                "fault": {"kind": "status", "status": 500, "when": "after" if came else "before"},
                "times": 1,
            },
        )
        data = await office.carry_out(wanted(account, user_id=fan.username, message_content=old.text))
        assert data["message_id"] != old.id
        assert data["found_in_conversation"] is came
        assert [text for _, _, text in office.sent] == [old.text]

    place.run(scenario())


def test_the_same_words_to_the_same_fan_twice_are_two_messages(place: World, office: Office) -> None:
    """Two jobs one after the other, each with its answer lost: each finds its own."""

    async def scenario() -> None:
        found = []
        for moment in ("2025-01-01T00:00:00Z", "2025-01-01T00:00:01Z"):
            office.fault("reset", when="after", **SEND, times=1)
            found.append(await office.carry_out(wanted(office.account, timestamp=moment)))
        assert len({each["message_id"] for each in found}) == len(office.sent) == 2

    place.run(scenario())


def test_what_may_be_ours_ends_as_uncertain(place: World, office: Office) -> None:
    """The whole text is another by now: it is not sent again, and the tab goes on."""

    async def scenario() -> None:
        office.faults(
            {"match": SEND, "fault": {"kind": "reset", "when": "after"}, "times": 1},
            {"match": SEND, "fault": {"kind": "rewrite", "replacements": [[".+", "💌"]]}, "times": 1},
        )
        ledger = Ledger()
        with pytest.raises(NobodyKnows):
            await office.carry_out(wanted(office.account, message_content=":)"), ledger)
        assert len(office.posted) == 1
        office.faults()
        await office.carry_out(wanted(office.account, message_content="another"))

    place.run(scenario())


@pytest.mark.parametrize("kind", ["confirm", "alert", "beforeunload"])
def test_a_page_that_asks_gets_the_answer_of_whoever_clicked(place: World, office: Office, kind: str) -> None:
    """The click was ours: yes, and the message is sent; so is the next one, from the page that was left."""

    async def scenario() -> None:
        office.fault("dialog", type=kind, **CHAT)
        for text in ("first", "second"):
            await office.carry_out(wanted(office.account, message_content=text))
        assert [text for _, _, text in office.sent] == ["first", "second"]

    place.run(scenario())


def test_a_page_that_wants_something_typed_is_told_with_its_picture(
    place: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody invents an answer: nothing is posted, nothing is left to look for, and the reason says what was asked."""
    monkeypatch.setattr(pages, "SETTLE_SECONDS", 2.0)

    async def scenario() -> None:
        ledger = Ledger()
        office.fault("dialog", type="prompt", **CHAT)
        with pytest.raises(OddPage, match=r"asks by prompt\(\)") as caught:
            await office.carry_out(wanted(office.account), ledger)
        assert caught.value.picture.startswith(b"\x89PNG")
        assert (office.posted, ledger.effect) == ([], None)

    place.run(scenario())


def test_a_proof_outlives_the_message(place: World, office: Office) -> None:
    """The site took it; then the result was not kept, and somebody deleted the message: it is not sent again."""

    async def scenario() -> None:
        ledger = Ledger()
        first = await office.carry_out(wanted(office.account), ledger)
        office.fake.site.conversations.forget(office.account.username, office.account.fans[0].username)
        assert ledger.effect is not None
        again = await office.carry_out(wanted(office.account), ledger)
        assert replace(ledger.effect).proof["id"] == first["message_id"] == again["message_id"]
        assert len(office.posted) == 1

    place.run(scenario())
