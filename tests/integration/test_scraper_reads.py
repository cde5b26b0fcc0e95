"""What the scraper reads of a page that is not as expected: in a real Chromium, right or not at all."""

import asyncio
import re
import time
from collections.abc import Sequence
from itertools import batched
from typing import Any

import pytest

from fake_onlyfans import Account
from huntaze_scraper.errors import NoAnswer, OddPage, SiteError
from huntaze_scraper.onlyfans import tab as pages
from huntaze_scraper.worker import results
from tests.integration.scraper_office import Office, World, wanted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.requirement("9.8")]

BIO, NAME, FANS = "profile-bio", "profile-name", "profile-fans"


def dd(text: str, more: str = "", script: str = "") -> str:
    """A count as the page has it, and what comes beside it."""
    return f'<dd data-testid="{FANS}" {more}>{text}</dd>{script and f"<script>{script}</script>"}'


async def profile(office: Office, account: Account | None = None) -> Any:
    reader = account or office.account
    job = wanted(reader, action="scrape_profile", profile_url=reader.username)
    data = await office.carry_out(job)
    results.success(job, ended_at=0, attempts=1, data=data)
    return data


async def counted(office: Office, shown: Sequence[str]) -> list[Any]:
    """Return the count of fans, or the error, where pages show it so: each is another account's, four at once."""
    accounts, room = list(office.fake.site.accounts.values()), asyncio.Semaphore(4)
    found: list[Any] = []

    async def fans_of(account: Account) -> Any:
        async with room:
            data = await profile(office, account)
            return data["counts"]["fans"]

    for htmls in batched(shown, len(accounts), strict=False):
        pairs = list(zip(accounts, htmls, strict=False))
        office.faults(
            *(
                {"match": {"account": each.username}, "fault": {"kind": "markup", "element": FANS, "html": html}}
                for each, html in pairs
            )
        )
        for each, _ in pairs:
            office.sign_in(each)
        found += await asyncio.gather(*(fans_of(each) for each, _ in pairs), return_exceptions=True)
    return found


FILL = f"document.querySelector('[data-testid={FANS}]').textContent"


COUNTS: list[tuple[str, int | None]] = [
    (dd("0", script=f"setTimeout(() => {FILL} = '1,204', 500)"), 1204),
    (dd("—", script=f"setTimeout(() => {FILL} = '1,204', 2500)"), 1204),
    (dd("", script=f"setTimeout(() => {FILL} = '1,204', 1500)"), 1204),
    (dd("0", script=f"let n = 0; const up = setInterval(() => {{ {FILL} = n += 301; n >= 1204 && clearInterval(up) }}, 300)"), 1204),
    (dd("7", "hidden") + dd("1,204"), 1204),
    (dd("7", 'style="display:none"') + dd("1,204"), 1204),
    (dd("7", 'style="visibility:hidden"') + dd("1,204"), 1204),
    (dd("7", 'style="opacity:0"') + dd("1,204"), 1204),
    (dd("7", 'style="position:absolute;left:-9999px"') + dd("1,204"), 1204),
    (f'<div style="height:0;overflow:hidden">{dd("7")}</div>' + dd("1,204"), 1204),
    (dd('1,204<span hidden> 7</span><script>"8"</script><style>9</style>'), 1204),
    (dd('1,204<span style="opacity:0">7</span><span style="font-size:0">8</span>'), 1204),
    (dd('1,204<b style="position:absolute;width:1px;height:1px;overflow:hidden"> fans </b>'), 1204),
    (dd("1,204") + dd("1,204"), 1204),
    ("", None),
    (dd("1,204", "hidden"), None),
]  # fmt: skip


def test_a_count_is_what_a_person_sees(place: World, office: Office) -> None:
    """Filled in later, hidden in each way that pages hide, twice, or not there at all."""

    async def scenario() -> None:
        found = await counted(office, [html for html, _ in COUNTS])
        assert [(html, each) for (html, _), each in zip(COUNTS, found, strict=True)] == COUNTS

    place.run(scenario())


DOUBTFUL = [dd("1,204") + dd("1,205"), dd("#1: 500"), dd("1,204K"), dd("soon")]


def test_a_count_in_doubt_is_a_failure_with_its_text_and_its_picture(
    place: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that differ, two numbers, two meanings, none; and no new Chromium for it."""
    monkeypatch.setattr(pages, "SETTLE_SECONDS", 4.0)

    async def scenario() -> None:
        before = (await office.browser.start()).number
        for caught in await counted(office, DOUBTFUL):
            assert isinstance(caught, OddPage)
            assert re.search(r"#1: 500|1,204K|soon|show different texts", str(caught))
            assert caught.picture.startswith(b"\x89PNG")
        assert (await office.browser.start()).number == before

    place.run(scenario())


def test_a_text_is_what_a_person_sees_of_it(place: World, office: Office) -> None:
    """No scripts, no hidden words; line ends where the page shows them. Names as well."""

    async def scenario() -> None:
        hidden = (
            '<script>alert("x")</script><span hidden>spam</span><i style="opacity:0">more</i><template>t</template>'
        )
        office.fault("markup", element=BIO, html=f'<p data-testid="{BIO}">One{hidden}<br>two &lt;b&gt;</p>')
        assert (await profile(office))["bio"] == "One\ntwo <b>"
        office.fault("markup", element=NAME, html=f'<h1 data-testid="{NAME}"><s hidden>Not</s>Ana {hidden}</h1>')
        assert (await profile(office))["name"] == "Ana"

    place.run(scenario())


def test_profiles_that_lack_what_is_optional_are_read_and_cost_no_browser(place: World, office: Office) -> None:
    """Three in a row without a bio: seconds each, the same Chromium; an empty one is none, too."""

    async def scenario() -> None:
        await profile(office)
        before, began = (await office.browser.start()).number, time.monotonic()
        office.fault("markup", element=BIO)
        for _ in range(2):
            assert (await profile(office))["bio"] is None
        office.fault("markup", element=BIO, html=f'<p data-testid="{BIO}"> </p>')
        assert (await profile(office))["bio"] is None
        assert time.monotonic() - began < 30
        assert (await office.browser.start()).number == before

    place.run(scenario())


@pytest.mark.parametrize(
    "locale", ["de-DE", "fr-FR", "de-CH", "ru-RU", "hi-IN", "ar-EG", "fa-IR", "ja-JP", "pl-PL", "sv-SE"]
)
def test_counts_are_read_in_other_languages(place: World, office: Office, locale: str) -> None:
    """Whole ones exactly; short ones to the figures that are shown."""
    account = office.account

    async def scenario() -> None:
        office.fault("locale", locale=locale)
        counts = (await profile(office))["counts"]
        assert (counts["likes"], counts["fans"]) == (account.likes, account.fan_total)
        office.fault("locale", locale=locale, style="short")
        counts = (await profile(office))["counts"]
        assert abs(counts["likes"] - account.likes) <= account.likes * 0.05

    place.run(scenario())


def test_pages_see_the_locale_and_time_zone_that_results_tell(place: World, office: Office) -> None:
    """A page that writes by the browser's language is read in it."""

    async def scenario() -> None:
        office.browser.locale, office.browser.time_zone = "de-CH", "Asia/Tokyo"
        try:
            zone = "Intl.DateTimeFormat().resolvedOptions().timeZone"
            shows = f"{FILL} = (1234567).toLocaleString(); document.querySelector('h1').textContent = {zone}"
            office.fault("markup", element=FANS, html=dd("0", script=shows))
            data = await profile(office)
        finally:
            office.browser.locale, office.browser.time_zone = "en-US", "UTC"
        assert (data["counts"]["fans"], data["name"]) == (1234567, "Asia/Tokyo")
        assert (data["locale"], data["time_zone"]) == ("de-CH", "Asia/Tokyo")

    place.run(scenario())


def test_the_same_page_of_messages_for_ever_is_an_error(place: World, office: Office) -> None:
    """After two requests; the next attempt, which goes on, needs one."""
    talkative = max(office.account.fans, key=lambda fan: fan.message_count).username

    async def scenario() -> None:
        office.fault("repeat")
        with pytest.raises(OddPage, match="more"):
            await office.carry_out(wanted(office.account, action="get_messages", user_id=talkative))
        assert office.asked("GET", f"/api/chats/{talkative}/messages") == 3  # the next attempt went on

    place.run(scenario())


DRIPS: list[tuple[str, str, dict[str, Any]]] = [
    ("get_messages", "/api/chats/*", {"part": "headers"}),
    ("get_messages", "/api/chats/*", {}),
    ("get_messages", "/api/chats/*", {"announced": False}),
    ("scrape_profile", "/creator-*", {"part": "headers"}),
    ("scrape_profile", "/creator-*", {}),
    ("scrape_profile", "/creator-*", {"after": 3200, "announced": False}),
    ("download_media", "/media/*", {"part": "headers"}),
    ("download_media", "/media/*", {}),
    ("download_media", "/media/*", {"after": 4000}),
    ("download_media", "/media/*", {"announced": False}),
]


def test_an_answer_that_drips_is_none_in_time(place: World, office: Office) -> None:
    """A byte now and then, of headers or body, announced or not, of a page, the API or a file."""

    async def scenario() -> None:
        room = asyncio.Semaphore(4)

        async def asked(account: Account, action: str) -> tuple[object, float]:
            async with room:
                tab = await office.tabs.take(account.username)
                job = wanted(
                    account,
                    action=action,
                    media_urls=[f"/media/{account.media[1].name}"],
                    profile_url=account.username,
                )
                began = time.monotonic()
                with pytest.raises(SiteError) as caught:
                    await office.once(tab, job, seconds=2)
                return caught.value, time.monotonic() - began

        drips = list(zip(office.fake.site.accounts.values(), DRIPS, strict=False))
        office.faults(
            *(
                {"match": {"account": each.username, "path": path}, "fault": {"kind": "drip", "seconds": 0.3, **drip}}
                for each, (_, path, drip) in drips
            )
        )
        for each, _ in drips:
            office.sign_in(each)
        answers = await asyncio.gather(*(asked(each, action) for each, (action, _, _) in drips))
        for (error, seconds), drip in zip(answers, DRIPS, strict=True):
            assert isinstance(error, NoAnswer), drip
            assert seconds < 12, drip

    place.run(scenario())


def test_a_download_is_ended_at_once_whatever_drips(place: World, office: Office) -> None:
    """As SIGTERM's end does it."""

    async def scenario() -> None:
        tab = await office.tabs.take(office.account.username)
        office.fault("drip", seconds=10, path="/media/*")
        job = wanted(office.account, action="download_media", media_urls=[f"/media/{office.account.media[1].name}"])
        running = asyncio.create_task(office.once(tab, job, seconds=30))
        await asyncio.sleep(0.5)
        began = time.monotonic()
        running.cancel()
        await asyncio.wait((running,), timeout=5)
        assert running.cancelled()
        assert time.monotonic() - began < 1

    place.run(scenario())
