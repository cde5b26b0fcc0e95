"""Sessions that are over without the site's saying so, in a real Chromium."""

from typing import Any

import pytest

from huntaze_scraper.errors import Refused, SignInAgain
from huntaze_scraper.onlyfans.session_store import SavedSession
from tests.integration.scraper_office import Office, World, wanted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

ENDS = [
    {"shown": "over", "seconds": 0},
    {"shown": "over", "seconds": 1, "status": 404},
    {"shown": "instead", "seconds": 0.5, "status": 400},
    {"shown": "address", "seconds": 0, "status": 410},
    {"shown": "address", "seconds": 1, "status": 401},
    {"shown": "instead", "seconds": 2, "status": 422},
]


def jobs_of(office: Office) -> list[dict[str, Any]]:
    """One of each kind."""
    account = office.account
    return [
        {},
        {"action": "get_messages"},
        {"action": "scrape_profile", "profile_url": f"{office.fake.url}/{account.username}"},
        {"action": "download_media", "media_urls": [f"/media/{account.media[0].name}"]},
    ]


@pytest.mark.requirement("9.6")
@pytest.mark.parametrize("end", ENDS, ids=str)
def test_a_log_in_over_a_page_or_in_its_place_is_a_log_in(place: World, office: Office, end: dict[str, Any]) -> None:
    """Whatever status the API has for it: no job is refused, one new log-in is enough for all of them."""

    async def scenario() -> None:
        await office.carry_out(wanted(office.account, message_content="before"))
        office.fault("log_in_form", times=1, **end)
        for changes in jobs_of(office):
            await office.carry_out(wanted(office.account, **changes))
        assert [text for _, _, text in office.sent] == ["before", "hello"]
        assert office.asked("POST", "/api/login") == 1

    place.run(scenario())


@pytest.mark.parametrize("job", [0, 1, 3])
def test_each_kind_of_job_finds_its_session_over(place: World, office: Office, job: int) -> None:
    """Being the first to meet it."""

    async def scenario() -> None:
        office.fault("log_in_form", times=1)
        await office.carry_out(wanted(office.account, **jobs_of(office)[job]))
        assert office.asked("POST", "/api/login") == 1

    place.run(scenario())


def test_a_session_that_never_lasts_is_the_accounts_trouble(place: World, office: Office) -> None:
    """The overlay comes again after the log-in: auth, not a refusal of the job."""

    async def scenario() -> None:
        office.fault("log_in_form")
        with pytest.raises(SignInAgain):
            await office.carry_out(wanted(office.account))
        assert office.asked("POST", "/api/login") == 1

    place.run(scenario())


def test_a_page_that_turns_into_the_log_in_after_the_click_is_a_log_in(place: World, office: Office) -> None:
    """Nothing was posted; it is sent once, by the new session."""

    async def scenario() -> None:
        office.fault("log_in_form", shown="instead", seconds=0.3, status=401, path="/my/chats/chat/*", times=1)
        await office.carry_out(wanted(office.account))
        assert len(office.sent) == 1

    place.run(scenario())


@pytest.mark.requirement("7.3")
def test_a_refusal_while_the_session_holds_stays_one(place: World, office: Office) -> None:
    """A fan who blocks us, and one who does not exist; nobody logs in for it."""
    blocked = next(fan.username for fan in office.account.fans if fan.blocked)

    async def scenario() -> None:
        for changes in ({"user_id": blocked}, {"user_id": "nobody"}, {"user_id": "nobody", "action": "get_messages"}):
            with pytest.raises(Refused):
                await office.carry_out(wanted(office.account, **changes))
        assert office.asked("POST", "/api/login") == 0

    place.run(scenario())


def test_a_site_that_refuses_even_the_accounts_own_page_has_not_refused_the_job(place: World, office: Office) -> None:
    """403 everywhere: auth, and the job comes back."""

    async def scenario() -> None:
        office.fault("status", status=403)
        with pytest.raises(SignInAgain) as caught:
            await office.carry_out(wanted(office.account))
        assert caught.value.status == 403

    place.run(scenario())


KEPT_IN = ["local_storage", "session_storage", "indexed_db"]


@pytest.mark.parametrize("kept_in", KEPT_IN)
def test_a_session_holds_wherever_the_site_keeps_it(place: World, new_office: Office, kept_in: Any) -> None:
    """In another task's tab, and in one that is opened anew, as in the tab of the log-in."""
    new_office.fake.site.reset(session_kept_in=kept_in)

    async def scenario() -> None:
        for number in range(4):
            await new_office.carry_out(wanted(new_office.account, message_content=str(number)))
            new_office.tabs = new_office.another_task()
        assert len(new_office.sent) == 4
        assert new_office.asked("POST", "/api/login") == 1

    place.run(scenario())


@pytest.mark.parametrize("kept_in", KEPT_IN)
def test_a_page_that_misses_what_the_site_kept_is_a_log_in(place: World, new_office: Office, kept_in: Any) -> None:
    """Its script goes to the log-in; a session kept by an older version, cookies alone, is replaced by a whole one."""
    new_office.fake.site.reset(session_kept_in=kept_in)
    name = new_office.account.username

    async def scenario() -> None:
        new_office.sign_in(new_office.account)
        await new_office.carry_out(wanted(new_office.account))
        assert new_office.asked("POST", "/api/login") == 1
        assert new_office.sessions.saved[name].version == 2

    place.run(scenario())


@pytest.mark.parametrize("kilobytes", [1000, 4900])
def test_a_session_with_a_filled_local_storage_is_no_obstacle(place: World, new_office: Office, kilobytes: int) -> None:
    """The job runs with the session in hand."""
    new_office.fake.site.reset(session_kept_in="session_storage", clutter_kilobytes=kilobytes)

    async def scenario() -> None:
        for number in range(2):
            await new_office.carry_out(wanted(new_office.account, message_content=str(number)))
            new_office.tabs = new_office.another_task()
        assert new_office.asked("POST", "/api/login") == 1

    place.run(scenario())


BROKEN: list[Any] = [
    {"cookies": [{"name": "sess"}], "origins": []},
    {"cookies": [], "origins": [{"origin": "nowhere", "localStorage": [{"name": "a", "value": "b"}]}]},
    {"cookies": [], "origins": [], "session_storage": {"nowhere": [["a", "b"]]}},
    {"cookies": [], "origins": [{"origin": "http://x.test", "localStorage": [], "indexedDB": [{"name": "d"}]}]},
]


@pytest.mark.parametrize("state", BROKEN, ids=range(4))
def test_a_session_that_the_browser_does_not_take_is_logged_in_over(
    place: World, new_office: Office, state: Any
) -> None:
    """Another version may have kept it: one log-in, and it is whole again."""
    name = new_office.account.username
    new_office.sessions.saved[name] = SavedSession(3, state)

    async def scenario() -> None:
        await new_office.carry_out(wanted(new_office.account))
        assert new_office.asked("POST", "/api/login") == 1
        assert new_office.sessions.saved[name].version == 4

    place.run(scenario())
