"""Signing in, in a real Chromium: once for all tasks, and again when the session is over."""

import pytest

from huntaze_scraper.errors import SignInAgain
from huntaze_scraper.onlyfans.credentials import Credentials
from tests.integration.scraper_office import Office, World, wanted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.mark.parametrize("with_second_factor", [False, True], ids=["password", "second factor"])
def test_all_tasks_share_one_log_in(place: World, new_office: Office, with_second_factor: bool) -> None:
    """The first signs in, with a code where the site asks for one; the others take its session up."""
    account = next(
        each for each in new_office.fake.site.accounts.values() if bool(each.totp_secret) is with_second_factor
    )

    async def scenario() -> None:
        await new_office.carry_out(wanted(account))
        new_office.tabs = new_office.another_task()
        await new_office.carry_out(wanted(account, message_content="again"))
        assert new_office.asked("POST", "/api/login") == 1
        assert len(new_office.sent) == 2

    place.run(scenario())


@pytest.mark.parametrize("path", ["/my/chats/chat/*", "/api/chats/*/messages"])
def test_a_session_that_is_over_is_signed_in_again_once(place: World, new_office: Office, path: str) -> None:
    """Where a page sends to the log-in form, and where the API says 401."""

    async def scenario() -> None:
        await new_office.carry_out(wanted(new_office.account))
        new_office.fault("expire_session", path=path, times=1)
        await new_office.carry_out(wanted(new_office.account, message_content="again"))
        assert new_office.asked("POST", "/api/login") == 2
        assert [text for _, _, text in new_office.sent] == ["hello", "again"]

    place.run(scenario())


def test_a_session_that_never_lasts_is_a_failure(place: World, new_office: Office) -> None:
    """Still 401 after a log-in: auth."""

    async def scenario() -> None:
        new_office.fault("expire_session", path="/my/chats/chat/*")
        with pytest.raises(SignInAgain):
            await new_office.carry_out(wanted(new_office.account))
        assert new_office.asked("POST", "/api/login") == 2

    place.run(scenario())


@pytest.mark.requirement("8.5")
def test_a_rotated_password_is_picked_up_without_a_restart(place: World, new_office: Office) -> None:
    """The old one is refused once and not tried again; the new one signs the next job in."""
    name = new_office.account.username

    async def scenario() -> None:
        new_office.credentials.changes[name] = Credentials(name, "the old password")
        with pytest.raises(SignInAgain) as caught:
            await new_office.carry_out(wanted(new_office.account))
        assert caught.value.status == 401
        assert new_office.asked("POST", "/api/login") == 1
        del new_office.credentials.changes[name]
        await new_office.carry_out(wanted(new_office.account))

    place.run(scenario())


def test_a_second_factor_that_the_secret_lacks_is_a_failure(place: World, new_office: Office) -> None:
    """With the reason in words."""
    account = next(each for each in new_office.fake.site.accounts.values() if each.totp_secret)
    password = new_office.fake.site.passwords[account.username]

    async def scenario() -> None:
        new_office.credentials.changes[account.username] = Credentials(account.username, password)
        with pytest.raises(SignInAgain, match="second factor"):
            await new_office.carry_out(wanted(account))

    place.run(scenario())


def test_the_api_key_goes_to_the_api_and_nowhere_else(place: World, new_office: Office) -> None:
    """On the page's own requests to it, too."""

    async def scenario() -> None:
        new_office.tabs = new_office.another_task(api_key="key-of-the-account")
        await new_office.carry_out(wanted(new_office.account))
        keys = {(each.path.startswith("/api/"), each.api_key) for each in new_office.fake.site.exchanges}
        assert keys == {(True, "present"), (False, None)}

    place.run(scenario())
