"""Signing in, in a real Chromium: once for all tasks, and again when the session is over."""

from types import SimpleNamespace
from typing import Any

import pytest

from huntaze_scraper.errors import HumanWanted, SignInAgain, SiteError, SlowDown
from huntaze_scraper.onlyfans import login_form, second_factor
from huntaze_scraper.onlyfans.credentials import Credentials
from tests.integration.scraper_office import Office, World, wanted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

FAN = "fan-001"


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


LOG_IN = {"method": "POST", "path": "/api/login"}
CODE = {"method": "POST", "path": "/api/login/2fa"}
STATUSES = [400, 401, 402, 403, 404, 405, 409, 410, 418, 422, 451]


@pytest.mark.requirement("9.6")
def test_a_log_in_that_is_refused_is_the_accounts_trouble_whatever_the_status(place: World, new_office: Office) -> None:
    """At the form, at its page, and at the code: auth, asked once, and the next job signs in."""

    async def scenario() -> None:
        for status in STATUSES:
            new_office.fault("status", status=status, times=1, **LOG_IN)
            with pytest.raises(SignInAgain) as caught:
                await new_office.carry_out(wanted(new_office.account))
            assert caught.value.status == status
        assert new_office.asked("POST", "/api/login") == len(STATUSES)
        for status in (403, 404):
            new_office.fault("status", status=status, times=1, path="/login")
            with pytest.raises(SignInAgain):
                await new_office.carry_out(wanted(new_office.account))
        await new_office.carry_out(wanted(new_office.account))

    place.run(scenario())


def test_a_code_that_is_refused_with_any_status_is_followed_by_the_next_code(
    place: World, new_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once; then it is the account's trouble."""
    soon = SimpleNamespace(STEP_SECONDS=1, code=second_factor.code)  # the site takes the same code again
    monkeypatch.setattr(login_form, "second_factor", soon)
    account = next(each for each in new_office.fake.site.accounts.values() if each.totp_secret)

    async def scenario() -> None:
        new_office.fault("status", status=422, times=1, **CODE)
        await new_office.carry_out(wanted(account))
        new_office.tabs = new_office.another_task()
        new_office.sessions.saved.clear()
        new_office.fault("status", status=403, **CODE)
        with pytest.raises(SignInAgain) as caught:
            await new_office.carry_out(wanted(account))
        assert caught.value.status == 403
        assert new_office.asked("POST", "/api/login/2fa") == 4

    place.run(scenario())


@pytest.mark.parametrize("body", [{"error": "wrong_credentials"}, {"ok": False}, "<h1>Sorry</h1>", {}], ids=repr)
def test_a_log_in_that_is_refused_with_200_is_refused(
    place: World, new_office: Office, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    """The page says so, or just stays at the form."""
    monkeypatch.setattr(login_form, "STAY_SECONDS", 2.0)

    async def scenario() -> None:
        new_office.fault("status", status=200, body=body, **LOG_IN)
        with pytest.raises(SignInAgain):
            await new_office.carry_out(wanted(new_office.account))
        assert new_office.asked("POST", "/api/login") == 1

    place.run(scenario())


def test_a_home_page_that_takes_its_time_is_no_refusal(
    place: World, new_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is on its way there."""
    monkeypatch.setattr(login_form, "STAY_SECONDS", 1.0)

    async def scenario() -> None:
        new_office.fault("delay", seconds=4, path="/", times=1)
        await new_office.carry_out(wanted(new_office.account))
        assert new_office.asked("POST", "/api/login") == 1

    place.run(scenario())


@pytest.mark.parametrize("path", ["/login", "/my/chats/chat/*"])
def test_a_site_that_sends_the_browser_round_in_circles_does_not_sign_it_in(
    place: World, new_office: Office, path: str
) -> None:
    """At the log-in, and at every page that needs one: auth."""

    async def scenario() -> None:
        await new_office.carry_out(wanted(new_office.account))
        new_office.tabs = new_office.another_task()
        new_office.sessions.saved.clear()
        to = new_office.fake.url + ("/login" if path == "/login" else f"/my/chats/chat/{FAN}")
        new_office.fault("status", status=302, headers={"location": to}, path=path)
        with pytest.raises(SignInAgain):
            await new_office.carry_out(wanted(new_office.account))

    place.run(scenario())


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 429, "retry_after": 7}, SlowDown),
        ({"kind": "challenge"}, HumanWanted),
    ],
    ids=["429", "challenge"],
)
def test_what_is_no_refusal_keeps_its_class_at_the_log_in(
    place: World, new_office: Office, fault: dict[str, Any], error: type[SiteError]
) -> None:
    """429 and a challenge ask for their own reactions."""

    async def scenario() -> None:
        new_office.fault(**fault, **LOG_IN)
        with pytest.raises(error):
            await new_office.carry_out(wanted(new_office.account))

    place.run(scenario())


def test_a_log_in_that_fails_with_5xx_is_tried_again(place: World, new_office: Office) -> None:
    """The site's own failure says nothing about the account."""

    async def scenario() -> None:
        new_office.fault("status", status=503, times=2, **LOG_IN)
        await new_office.carry_out(wanted(new_office.account))
        assert new_office.asked("POST", "/api/login") == 3

    place.run(scenario())


def test_the_api_key_goes_to_the_api_and_nowhere_else(place: World, new_office: Office) -> None:
    """On the page's own requests to it, too."""

    async def scenario() -> None:
        new_office.credentials.api_key = "key-of-the-account"
        await new_office.carry_out(wanted(new_office.account))
        keys = {(each.path.startswith("/api/"), each.api_key) for each in new_office.fake.site.exchanges}
        assert keys == {(True, "present"), (False, None)}

    place.run(scenario())
