"""A rotation, step by step, against a running site."""

import pytest

from emulator.harness.clients import http_client
from fake_onlyfans import Account, RunningSite
from huntaze_scraper.rotation.account import SiteRefused, WrongPassword
from huntaze_scraper.rotation.handler import handler
from huntaze_scraper.rotation.steps import NotRotatable, Rotation, new_password
from tests.unit.rotation.conftest import SECRET, TOKEN, StandingClock, Vault


def _rotate(rotation: Rotation) -> None:
    rotation.create_secret()
    rotation.set_secret()
    rotation.test_secret()
    rotation.finish_secret()


def _put(vault: Vault, account: Account, **more: str) -> None:
    vault.put(username=account.username, password=account.password, api_key="key", **more)


def _break(site: RunningSite, path: str, times: int = 1, **fault: object) -> None:
    rules = [{"match": {"path": path}, "fault": fault, "times": times}]
    http_client.post(f"{site.url}/_control/faults", json=rules).raise_for_status()


@pytest.mark.requirement("8.5")
def test_the_account_and_the_secret_get_the_same_new_password(
    vault: Vault, site: RunningSite, account: Account, rotation: Rotation
) -> None:
    """And every other field of the secret stays as it was."""
    _put(vault, account)
    _rotate(rotation)
    now = vault.read()
    assert now["password"] != account.password
    assert site.site.passwords[account.username] == now["password"]
    assert {**now, "password": account.password} == {
        "username": account.username,
        "password": account.password,
        "api_key": "key",
    }


def test_the_old_password_stays_readable_as_the_previous_one(
    vault: Vault, account: Account, rotation: Rotation
) -> None:
    """For whoever must look back."""
    _put(vault, account)
    _rotate(rotation)
    assert vault.read("AWSPREVIOUS")["password"] == account.password


@pytest.mark.requirement("8.5")
def test_an_account_with_a_second_factor_is_rotated(
    vault: Vault, site: RunningSite, account_with_second_factor: Account, rotation: Rotation
) -> None:
    """With the codes that its authenticator would show."""
    account = account_with_second_factor
    _put(vault, account, totp_secret=str(account.totp_secret))
    _rotate(rotation)
    assert site.site.passwords[account.username] == vault.read()["password"] != account.password


def test_a_code_that_was_used_up_is_followed_by_the_next(
    vault: Vault, site: RunningSite, account_with_second_factor: Account, rotation: Rotation, clock: StandingClock
) -> None:
    """A code counts once: the function waits for the step to end."""
    account = account_with_second_factor
    _put(vault, account, totp_secret=str(account.totp_secret))
    _break(site, "/api/login/2fa", kind="status", status=401)
    before = clock.now()
    _rotate(rotation)
    assert 0 < clock.now() - before <= 30
    assert vault.read()["password"] != account.password


@pytest.mark.parametrize("step", ["create_secret", "set_secret", "test_secret", "finish_secret"])
def test_every_step_can_be_tried_again(
    vault: Vault, site: RunningSite, account: Account, rotation: Rotation, step: str
) -> None:
    """Secrets Manager does, when it got no answer."""
    _put(vault, account)
    for each in ("create_secret", "set_secret", "test_secret", "finish_secret"):
        getattr(rotation, each)()
        if each == step:
            getattr(rotation, each)()
    assert site.site.passwords[account.username] == vault.read()["password"]


def test_a_site_that_refuses_leaves_the_current_password_in_force(
    vault: Vault, site: RunningSite, account: Account, rotation: Rotation
) -> None:
    """Nothing is finished, and the next try goes on with the same pending password."""
    _put(vault, account)
    rotation.create_secret()
    pending = vault.read("AWSPENDING")["password"]
    _break(site, "/account/password", kind="status", status=503)
    with pytest.raises(SiteRefused, match="change of password: the site answered 503"):
        rotation.set_secret()
    assert vault.read()["password"] == site.site.passwords[account.username] == account.password
    _rotate(rotation)
    assert vault.read()["password"] == site.site.passwords[account.username] == pending


def test_a_challenge_is_not_worked_around(
    vault: Vault, site: RunningSite, account: Account, rotation: Rotation
) -> None:
    """The rotation fails, and the alarm asks the owner to do it by hand."""
    _put(vault, account)
    rotation.create_secret()
    _break(site, "/api/login", times=10, kind="challenge")
    with pytest.raises(SiteRefused):
        rotation.set_secret()
    assert vault.read()["password"] == site.site.passwords[account.username] == account.password


def test_a_current_password_that_is_wrong_changes_nothing(vault: Vault, account: Account, rotation: Rotation) -> None:
    """The owner changed it by hand and told nobody."""
    vault.put(username=account.username, password="somebody else's")
    rotation.create_secret()
    with pytest.raises(WrongPassword):
        rotation.set_secret()


def test_the_placeholder_is_not_rotated(vault: Vault, rotation: Rotation) -> None:
    """Until the owner has put a username."""
    vault.put(username="", password="placeholder")
    with pytest.raises(NotRotatable):
        rotation.create_secret()


def test_a_schedule_made_for_the_placeholder_raises_no_alarm(vault: Vault, rotation: Rotation) -> None:
    """Secrets Manager tries the test step by itself then, on a copy of what there is."""
    vault.put(username="", password="placeholder")
    vault.client.put_secret_value(
        SecretId=SECRET,
        ClientRequestToken=TOKEN,
        SecretString='{"username": "", "password": "placeholder"}',
        VersionStages=["AWSPENDING"],
    )
    rotation.test_secret()


@pytest.mark.parametrize("step", ["create_secret", "set_secret", "test_secret"])
def test_no_error_quotes_a_password(
    vault: Vault, site: RunningSite, account: Account, rotation: Rotation, step: str
) -> None:
    """Errors end in logs."""
    _put(vault, account)
    if step != "create_secret":
        rotation.create_secret()
    pending = vault.read("AWSPENDING")["password"] if step != "create_secret" else ""
    vault.client.put_secret_value(SecretId=SECRET, SecretString="not JSON")
    _break(site, "/api/login", times=10, kind="status", status=500)
    with pytest.raises((NotRotatable, SiteRefused)) as caught:
        getattr(rotation, step)()
    said = f"{caught.value!r} {caught.value.__cause__!r}"
    assert account.password not in said
    assert not pending or pending not in said


def test_a_new_password_is_long_and_of_every_kind() -> None:
    """And never the same twice."""
    made = {new_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert len(password) == 32
        assert any(it.islower() for it in password)
        assert any(it.isupper() for it in password)
        assert any(it.isdigit() for it in password)
        assert any(not it.isalnum() for it in password)


def test_the_handler_carries_the_step_out(
    vault: Vault, site: RunningSite, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Secrets Manager calls it: by name of the step, secret and token."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("SITE_URL", site.url)
    _put(vault, account)
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        handler({"Step": step, "SecretId": SECRET, "ClientRequestToken": TOKEN}, None)
    assert vault.read()["password"] == site.site.passwords[account.username] != account.password
    with pytest.raises(NotRotatable):
        handler({"Step": "forgetSecret", "SecretId": SECRET, "ClientRequestToken": TOKEN}, None)
