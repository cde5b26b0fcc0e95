"""The scraper in a real Chromium, at a fake site that misbehaves in every way that sites do."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from huntaze_scraper.errors import (
    ErrorClass,
    HumanWanted,
    NoAnswer,
    PageBroken,
    Refused,
    SignInAgain,
    SiteError,
    SlowDown,
    TryAgain,
    TryAgainLonger,
)
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.onlyfans import browser as browsers
from huntaze_scraper.onlyfans import tab as pages
from huntaze_scraper.onlyfans import tabs as pools
from huntaze_scraper.onlyfans.site import CHAT_INPUT, CHAT_SEND
from tests.integration.scraper_office import Ledger, Office, World, wanted
from tests.processes import descendants, kill

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


SEND: dict[str, Any] = {"method": "POST", "path": "/api/chats/*/messages"}
CHAT: dict[str, Any] = {"method": "GET", "path": "/my/chats/chat/*"}


FAILURES: list[tuple[dict[str, Any], type[SiteError]]] = [
    ({"kind": "status", "status": 429, "retry_after": 7}, SlowDown),
    ({"kind": "status", "status": 503}, TryAgain),
    ({"kind": "status", "status": 400}, Refused),
    ({"kind": "status", "status": 401}, SignInAgain),
    ({"kind": "challenge"}, HumanWanted),
    ({"kind": "reset"}, TryAgainLonger),
    ({"kind": "hang"}, NoAnswer),
]


# A page that breaks off may have all that is needed, or not: of it nothing is promised but the next attempt.
CASES = [(target, *failure) for target in (SEND, CHAT) for failure in FAILURES] + [
    (SEND, {"kind": "truncate"}, TryAgainLonger)
]


@pytest.mark.parametrize(
    ("target", "fault", "kind"),
    CASES,
    ids=[f"{target['method']} {fault['kind']} {fault.get('status', '')}".strip() for target, fault, _ in CASES],
)
def test_each_way_of_failing_has_its_class(
    place: World, office: Office, target: dict[str, Any], fault: dict[str, Any], kind: type[SiteError]
) -> None:
    """Whether the page or its request meets it."""

    async def scenario() -> None:
        tab = await office.tabs.take(office.account.username)
        office.fault(**fault, **target)
        with pytest.raises(kind) as caught:
            await office.once(tab, wanted(office.account), seconds=2 if fault["kind"] == "hang" else 30)
        if isinstance(caught.value, SlowDown):
            assert caught.value.wait_seconds == 7
        assert office.sent == [] or fault["kind"] == "truncate"

    place.run(scenario())


def test_a_redesigned_page_is_unknown_with_its_picture(
    place: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing selector: the picture shows what is there instead."""
    monkeypatch.setattr(pages, "SETTLE_SECONDS", 1.0)

    async def scenario() -> None:
        tab = await office.tabs.take(office.account.username)
        office.fault("drift", **CHAT)
        with pytest.raises(PageBroken, match="missing selector") as caught:
            await office.once(tab, wanted(office.account), seconds=30)
        assert caught.value.picture.startswith(b"\x89PNG")

    place.run(scenario())


@pytest.mark.requirement("7.4")
def test_a_chromium_that_opens_no_page_any_more_is_replaced(
    place: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processes from which it makes new ones are gone, and it never says so."""
    monkeypatch.setattr(browsers, "OPEN_SECONDS", 3.0)

    async def scenario() -> None:
        before = (await office.browser.start()).number
        for process in descendants(None, "--type=zygote"):
            kill(process)  # some end with the one before
        await office.carry_out(wanted(office.account))
        assert (await office.browser.start()).number > before
        assert len(office.sent) == 1

    place.run(scenario())


@pytest.mark.requirement("7.4")
def test_a_page_that_kills_its_renderer_costs_a_browser_and_nothing_else(place: World, office: Office) -> None:
    """Restarted, tried again once, and the message is sent once."""

    async def scenario() -> None:
        await office.carry_out(wanted(office.account))
        before = (await office.browser.start()).number
        office.fault("crash", **CHAT, times=1)
        await office.carry_out(wanted(office.account, message_content="again"))
        assert (await office.browser.start()).number == before + 1
        assert len(office.sent) == 2

    place.run(scenario())


@pytest.mark.requirement("7.4")
def test_a_browser_that_is_gone_is_restarted(place: World, office: Office) -> None:
    """Its process ends between two jobs, and while one runs."""

    async def scenario() -> None:
        await office.carry_out(wanted(office.account))
        await (await office.browser.start()).chromium.close()
        await office.carry_out(wanted(office.account, message_content="second"))
        office.fault("delay", seconds=2, **CHAT, times=1)
        running = asyncio.create_task(office.carry_out(wanted(office.account, message_content="third")))
        while office.asked("GET", f"/my/chats/chat/{office.account.fans[0].username}") < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await (await office.browser.start()).chromium.close()
        await running
        tab = await office.tabs.take(office.account.username)
        await (await office.browser.start()).chromium.close()
        with pytest.raises(PageBroken):
            await tab.cookies()
        assert [text for _, _, text in office.sent] == ["hello", "second", "third"]

    place.run(scenario())


def test_a_page_that_hangs_is_unknown(place: World, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its script never ends: the probe tells it from a slow network."""
    for module, name in ((pages, "GRACE_SECONDS"), (pages, "PROBE_SECONDS"), (browsers, "CLOSE_SECONDS")):
        monkeypatch.setattr(module, name, 1.0)

    async def scenario() -> None:
        tab = await office.tabs.take(office.account.username)
        await tab.page.goto(office.site.chat(office.account.fans[0].username))
        with pytest.raises(PageBroken, match="hangs"):
            async with tab.within(0.2, "GET /x"):
                await tab.page.evaluate("for (;;) {}")
        await office.tabs.discard(tab, replace_browser=True)
        await office.carry_out(wanted(office.account))

    place.run(scenario())


def test_the_time_that_our_own_stores_take_is_not_the_sites(
    place: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that takes longer than the site may is waited for; then the site has the time that it had left."""
    monkeypatch.setattr(pages, "GRACE_SECONDS", 0.5)

    async def scenario() -> None:
        tab = await office.tabs.take(office.account.username)
        async with tab.within(1.0, "GET /x"):
            assert await tab.aside(lambda: asyncio.sleep(2.5, "kept")) == "kept"
        with pytest.raises(NoAnswer):
            await never_answered(tab)
        await office.tabs.discard(tab)

    async def never_answered(tab: pages.Tab) -> None:
        async with tab.within(1.0, "GET /x"):
            await tab.aside(lambda: asyncio.sleep(2.5))
            await asyncio.Event().wait()

    place.run(scenario())


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500, "when": "after"},
        {"kind": "reset", "when": "after"},
        {"kind": "truncate"},
    ],
    ids=lambda each: each["kind"],
)
def test_a_click_whose_answer_is_lost_sends_once(place: World, office: Office, fault: dict[str, Any]) -> None:
    """The site took the message and did not say so: the next attempt finds it."""

    async def scenario() -> None:
        office.fault(**fault, **SEND, times=1)
        data = await office.carry_out(wanted(office.account))
        assert data["found_in_conversation"]
        assert len(office.sent) == 1

    place.run(scenario())


def test_a_click_that_never_arrived_is_made_again(place: World, office: Office) -> None:
    """The conversation does not have it: it is sent, once."""

    async def scenario() -> None:
        office.fault("reset", **SEND, times=1)
        data = await office.carry_out(wanted(office.account))
        assert not data["found_in_conversation"]
        assert len(office.sent) == 1

    place.run(scenario())


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_is_reset_without_a_word_sends_once(place: World, office: Office, when: str) -> None:
    """Chromium would send the POST a second time by itself, unseen: ours is seen to fail, and looked for."""
    texts = [str(number) for number in range(4)]

    async def scenario() -> None:
        for text in texts:
            before = len(office.posted)
            office.fault("reset", when=when, unannounced=True, **SEND, times=1)
            data = await office.carry_out(wanted(office.account, message_content=text))
            assert data["found_in_conversation"] is (when == "after")
            assert office.posted[before:] == ([None] if when == "after" else [None, 201])
        assert [text for _, _, text in office.sent] == texts

    place.run(scenario())


def test_nothing_leaves_the_page_that_no_job_asked_for(place: World, office: Office) -> None:
    """A click that is not ours, or a script that tries again by itself: the site gets no second message."""

    async def scenario() -> None:
        tab = await office.tabs.take(office.account.username)
        await office.once(tab, wanted(office.account))
        await tab.page.fill(CHAT_INPUT, "once more")
        async with tab.page.expect_event("requestfailed"):
            await tab.page.click(CHAT_SEND)
        await office.once(tab, wanted(office.account, message_content="another"))
        assert [text for _, _, text in office.sent] == ["hello", "another"]

    place.run(scenario())


def test_a_conversation_that_cannot_be_read_is_not_written_to_a_second_time(place: World, office: Office) -> None:
    """Where it is not known whether the message went through, nothing is sent."""

    async def scenario() -> None:
        ledger = Ledger()
        await office.carry_out(wanted(office.account), ledger)
        assert ledger.effect is not None
        ledger.effect = replace(ledger.effect, proof={})  # as if the worker had died before the site's answer
        office.fault("status", status=400, method="GET", path="/api/chats/*")
        with pytest.raises(Refused):
            await office.carry_out(wanted(office.account), ledger)
        assert len(office.sent) == 1

    place.run(scenario())


def test_contexts_and_browsers_are_retired(place: World, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """After their share of jobs new ones take over, signed in already, and the old browser is gone."""
    monkeypatch.setattr(pools, "JOBS_A_CONTEXT", 2)
    monkeypatch.setattr(browsers, "JOBS_A_BROWSER", 4)

    async def scenario() -> None:
        first = await office.browser.start()
        office.browser.replace(first)
        numbers = []
        for number in range(5):
            await office.carry_out(wanted(office.account, message_content=str(number)))
            numbers.append((await office.browser.start()).number - first.number)
        assert max(numbers) >= 2
        assert office.asked("POST", "/api/login") == 0
        assert len(office.sent) == 5

    place.run(scenario())


def test_a_challenge_is_never_answered(place: World, office: Office) -> None:
    """One request, no second try, and its metric."""

    async def scenario() -> None:
        await office.carry_out(wanted(office.account))
        office.fault("challenge", **CHAT)
        with pytest.raises(HumanWanted) as caught:
            await office.carry_out(wanted(office.account, message_content="again"))
        assert caught.value.error_class is ErrorClass.CHALLENGE
        assert office.asked("GET", f"/my/chats/chat/{office.account.fans[0].username}") == 2
        assert office.samples.of(Metric.CHALLENGE_COUNT) == [1]

    place.run(scenario())
