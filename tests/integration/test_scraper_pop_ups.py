"""Pages that open others, in a real Chromium."""

import pytest

from huntaze_scraper.onlyfans import pop_ups
from huntaze_scraper.onlyfans.pop_ups import MOST_OPEN
from tests.integration.scraper_office import Office, World, wanted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

CHAT = {"path": "/my/chats/chat/*"}
JOBS = 4 * MOST_OPEN


def pages(office: Office) -> int:
    """Count the pages that are open."""
    return sum(len(context.pages) for context in office.browser.contexts)


@pytest.mark.parametrize("by", ["page", "click"])
def test_chats_that_each_open_a_pop_up_leave_none(
    place: World, office: Office, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The messages are sent once each, and never more than a few pages are open."""
    monkeypatch.setattr(pop_ups, "STAY_SECONDS", 0.5)

    async def scenario() -> None:
        office.fault("pop_up", by=by, **CHAT)
        most = 0
        for number in range(JOBS):
            await office.carry_out(wanted(office.account, message_content=str(number)))
            most = max(most, pages(office))
        assert [text for _, _, text in office.sent] == [str(number) for number in range(JOBS)]
        assert office.asked("GET", "/my/chats") >= JOBS // 2, "pop-ups were opened"
        assert most <= MOST_OPEN + 3

    place.run(scenario())


@pytest.mark.requirement("9.5")
def test_a_message_that_a_form_posts_in_a_new_window_is_sent_once(place: World, office: Office) -> None:
    """By us, as any other: nothing that a pop-up posts leaves it."""

    async def scenario() -> None:
        office.fault("pop_up", by="form", **CHAT)
        for number in range(5):
            await office.carry_out(wanted(office.account, message_content=f"number {number} ü"))
        assert [text for _, _, text in office.sent] == [f"number {number} ü" for number in range(5)]
        assert office.posted == [201] * 5

    place.run(scenario())


STRAYS: dict[str, str] = {
    "a new window": "const w = window.open('about:blank'); w.eval(`fetch('${path}', sent)`.replace('sent', JSON.stringify(sent)))",
    "a frame": "const f = document.createElement('iframe'); document.documentElement.append(f); f.contentWindow.fetch(path, sent)",
    "a worker": "new Worker(URL.createObjectURL(new Blob([`fetch('${location.origin}${path}', ${JSON.stringify(sent)})`])))",
    "a beacon": "navigator.sendBeacon(path, sent.body)",
}


@pytest.mark.requirement("9.5")
@pytest.mark.parametrize("way", STRAYS)
def test_nothing_that_no_job_clicked_for_is_posted(place: World, office: Office, way: str) -> None:
    """Whatever page of the context it comes from."""
    fan = office.account.fans[0].username

    async def scenario() -> None:
        tab = await office.tabs.take(office.account.username)
        async with tab.within(30, "test"):
            await tab.open(tab.site.chat(fan))
            await tab.page.evaluate(
                "([path, script]) => { const sent = {method: 'POST', body: JSON.stringify({text: 'stray'})}; eval(script) }",
                [tab.site.messages_path(fan), STRAYS[way]],
            )
        await office.tabs.keep(office.account.username, tab)
        await office.carry_out(wanted(office.account))
        assert [text for _, _, text in office.sent] == ["hello"]
        assert office.posted == [201]

    place.run(scenario())


def test_pages_that_go_on_opening_others_are_bounded(place: World, office: Office) -> None:
    """Ten at once, again and again, of which all but a few are closed at once."""

    async def scenario() -> None:
        tab = await office.tabs.take(office.account.username)
        async with tab.within(60, "test"):
            await tab.open(tab.site.chats)
            for _ in range(4):
                await tab.page.evaluate("for (let n = 0; n < 10; n++) window.open('/my/chats')")
                assert pages(office) <= 10 + MOST_OPEN + 1
        await office.tabs.keep(office.account.username, tab)
        await office.carry_out(wanted(office.account))

    place.run(scenario())
