"""The scraper's actions in a real Chromium, at the fake site as it is."""

import hashlib

import pytest

from huntaze_scraper.errors import Refused
from huntaze_scraper.metric_names import Metric
from huntaze_scraper.worker import results
from tests.integration.scraper_office import Office, World, wanted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


HOSTILE = [
    "<img src=x onerror=alert(1)><script>document.body.remove()</script>",
    "one\ntwo\n\n   indented\ttab",
    "😀👩‍👩‍👧‍👦 \u202eright to left\u202c שלום \u200f",
    "x" * 9_999 + "é",
    "😀" * 10_000,
    "' \" ` \\ ${a} {{b}} <!-- & &amp;",
]


def test_texts_arrive_as_typed(place: World, office: Office) -> None:
    """Markup, newlines, emoji, right-to-left marks and ten thousand characters."""

    async def scenario() -> None:
        for text in HOSTILE:
            data = await office.carry_out(wanted(office.account, message_content=text))
            assert data["message_id"] == office.fake.site.conversations.accepted[-1].message.id
        assert [text for _, _, text in office.sent] == HOSTILE

    place.run(scenario())


@pytest.mark.requirement("7.3")
def test_a_fan_who_is_not_there_or_blocks_us_is_an_ordinary_answer(place: World, office: Office) -> None:
    """404 and 403: refused, once, and the tab goes on."""
    blocked = next(fan.username for fan in office.account.fans if fan.blocked)

    async def scenario() -> None:
        for fan, status in (("nobody", 404), (blocked, 403)):
            with pytest.raises(Refused) as caught:
                await office.carry_out(wanted(office.account, user_id=fan))
            assert caught.value.status == status
        await office.carry_out(wanted(office.account))
        assert office.samples.of(Metric.ONLYFANS_4XX_COUNT) == [1, 1]

    place.run(scenario())


def test_a_profile_is_read_as_it_is_shown(place: World, office: Office) -> None:
    """Name, text, counts, and a PNG."""
    shown = list(office.fake.site.accounts.values())[4]

    async def scenario() -> None:
        job = wanted(office.account, action="scrape_profile", profile_url=f"{office.fake.url}/{shown.username}")
        data = await office.carry_out(job)
        assert (data["name"], data["bio"]) == (shown.display_name, shown.bio.strip())
        assert data["counts"] == {
            "posts": shown.posts,
            "likes": shown.likes,
            "fans": shown.fan_total,
            "media": len(shown.media),
        }
        (body, content_type), *_ = office.store.objects.values()
        assert body.startswith(b"\x89PNG")
        assert content_type == "image/png"
        results.success(job, ended_at=0, attempts=1, data=data)

    place.run(scenario())


def test_a_profile_that_does_not_exist_is_an_ordinary_answer(place: World, office: Office) -> None:
    """404; and one elsewhere is not even asked for."""

    async def scenario() -> None:
        for url, status in ((f"{office.fake.url}/nobody", 404), ("https://elsewhere.example/x", None)):
            with pytest.raises(Refused) as caught:
                await office.carry_out(wanted(office.account, action="scrape_profile", profile_url=url))
            assert caught.value.status == status

    place.run(scenario())


def test_media_arrive_whole_with_their_digests(place: World, office: Office) -> None:
    """Each file of the account, byte for byte; one that is not there is refused, and the others kept."""
    media = office.account.media

    async def scenario() -> None:
        urls = [f"/media/{file.name}" for file in media]
        job = wanted(office.account, action="download_media", media_urls=urls)
        data = await office.carry_out(job)
        for file, kept in zip(media, data["files"], strict=True):
            body, content_type = office.store.objects[kept["uri"].removeprefix("s3://bucket/")]
            assert (len(body), content_type) == (file.size, file.content_type)
            assert (kept["bytes"], kept["sha256"]) == (file.size, hashlib.sha256(body).hexdigest())
        results.success(job, ended_at=0, attempts=1, data=data)
        with pytest.raises(Refused) as caught:
            await office.carry_out(
                wanted(office.account, action="download_media", media_urls=["/media/none.jpg", urls[0]])
            )
        assert caught.value.status == 404
        assert len(caught.value.so_far["files"]) == 1

    place.run(scenario())


def test_a_conversation_is_read_as_it_is(place: World, office: Office) -> None:
    """All of a long one, page by page; since a message, what came after it; an empty one, nothing."""
    account = office.account
    talkative = max(account.fans, key=lambda fan: fan.message_count)
    silent = min(account.fans, key=lambda fan: fan.message_count)
    thread = [each.as_json() for each in office.fake.site.conversations.thread(account, talkative)]

    async def scenario() -> None:
        job = wanted(account, action="get_messages", user_id=talkative.username)
        data = await office.carry_out(job)
        assert data["messages"] == thread
        results.success(job, ended_at=0, attempts=1, data=data)
        data = await office.carry_out(
            wanted(account, action="get_messages", user_id=talkative.username, since=thread[-4]["id"])
        )
        assert data["messages"] == thread[-3:]
        assert silent.message_count == 0
        data = await office.carry_out(wanted(account, action="get_messages", user_id=silent.username))
        assert data["messages"] == []

    place.run(scenario())
