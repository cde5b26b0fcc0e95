"""Credentials from moto's Secrets Manager."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import SignInAgain
from huntaze_scraper.onlyfans.credentials import Credentials, SecretsManagerCredentials, _names
from huntaze_scraper.telemetry.redaction import Redactor
from tests.unit.aws import aws_client, moto_aws

DEFAULT = "huntaze/onlyfans/credentials"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with moto_aws():
        yield aws_client("secretsmanager")


def keep(secrets: Any, **values: Any) -> None:
    """Keep the default secret."""
    text = json.dumps({"username": "u", "password": "pass-word"} | values)
    try:
        secrets.create_secret(Name=DEFAULT, SecretString=text)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=DEFAULT, SecretString=text)


def of(secrets: Any, account: str, redactor: Redactor | None = None) -> Credentials:
    return asyncio.run(SecretsManagerCredentials(secrets, DEFAULT, redactor or Redactor()).of(account))


def test_a_creators_own_secret_comes_before_the_default(secrets: Any) -> None:
    """Who has none uses the default one, where that is for all."""
    keep(secrets, username="all", accounts="*")
    secrets.create_secret(
        Name=f"{DEFAULT}/ana=2Eb", SecretString=json.dumps({"username": "ana", "password": "p-ana", "totp_secret": "T"})
    )
    assert of(secrets, "ana.b").username == "ana"
    assert of(secrets, "ana.b").totp_secret == "T"
    assert of(secrets, "ben").username == "all"


@pytest.mark.requirement("8.5")
def test_a_rotated_secret_is_what_the_next_log_in_uses(secrets: Any) -> None:
    """Nothing is kept from one log-in to the next."""
    keep(secrets, password="old")
    source = SecretsManagerCredentials(secrets, DEFAULT, Redactor())
    assert asyncio.run(source.of("u")).password == "old"
    keep(secrets, password="new")
    assert asyncio.run(source.of("u")).password == "new"


@pytest.mark.parametrize(
    "text", ["not json", "[]", "{}", '{"username": "u"}', '{"username": "u", "password": 5}', "null"]
)
def test_a_secret_of_another_form_fails_the_sign_in_without_quoting_it(secrets: Any, text: str) -> None:
    """The reason names the form, never the content."""
    secrets.create_secret(Name=DEFAULT, SecretString=text)
    with pytest.raises(SignInAgain) as caught:
        of(secrets, "u")
    assert text not in str(caught.value)


def test_no_secret_at_all_fails_the_sign_in(secrets: Any) -> None:
    """The reason says so."""
    with pytest.raises(SignInAgain, match="no secret"):
        of(secrets, "a")


OTHER_NAMES = [
    "creator-0l",
    "Creator-01",
    "creator-01.",
    "creator-1",
    "creator\u201001",
    "cre\u0430tor-01",
    "*",
    "",
    "all",
]
"""Near creator-01: a typing error, a capital, another hyphen, a Cyrillic letter; and words that might mean all."""


@pytest.mark.requirement("9.7")
@pytest.mark.parametrize("account", OTHER_NAMES)
@pytest.mark.parametrize("accounts", [["creator-01", "creator-02"], None], ids=["named", "by user"])
def test_the_default_secret_is_for_nobody_whom_it_does_not_name(secrets: Any, account: str, accounts: Any) -> None:
    """A name that is not to the letter one of the list, or the user's own, gets no credentials; the reason says why."""
    keep(secrets, username="creator-01", **({"accounts": accounts} if accounts else {}))
    assert of(secrets, "creator-01").username == "creator-01"
    with pytest.raises(SignInAgain, match=r"no credentials for the account: there is no secret .* does not name it"):
        of(secrets, account)


@pytest.mark.requirement("9.7")
@given(named=st.sets(st.text(min_size=1)), account=st.text(min_size=1))
def test_whom_a_secret_is_for_stands_in_its_list_alone(named: set[str], account: str) -> None:
    """Whatever the names are; of an empty list it is nobody."""
    values = {"username": "u", "password": "p", "accounts": sorted(named - {"*"})}
    assert _names(values, account) is (account in named - {"*"})


@pytest.mark.parametrize("accounts", ["creator-01", {"creator-01": 1}, 1, ["creator-01", "*"], None, True])
def test_a_list_of_accounts_of_another_form_is_for_nobody(secrets: Any, accounts: Any) -> None:
    """All of them only where that is written as one word by itself."""
    keep(secrets, username="creator-01", accounts=accounts)
    with pytest.raises(SignInAgain, match="neither a list of names"):
        of(secrets, "creator-01")


def test_an_own_secret_needs_no_list(secrets: Any) -> None:
    """Its name says whose it is, whatever the default one says."""
    keep(secrets, accounts=[])
    secrets.create_secret(Name=f"{DEFAULT}/ana", SecretString=json.dumps({"username": "a@b.c", "password": "p-ana"}))
    assert of(secrets, "ana").username == "a@b.c"


def test_no_representation_shows_a_secret(secrets: Any) -> None:
    """And the redactor knows each from now on."""
    keep(secrets, totp_secret="TOTPTOTP", api_key="key-key")
    redactor = Redactor()
    credentials = of(secrets, "u", redactor)
    for secret in ("pass-word", "TOTPTOTP", "key-key"):
        assert secret not in repr(credentials)
        assert secret not in redactor.text(f"<{secret}>")


@pytest.mark.parametrize(
    ("own", "default", "used"),
    [
        ({"api_key": "key-own"}, {"api_key": "key-default"}, "key-own"),
        ({}, {"api_key": "key-default"}, "key-default"),
        ({"api_key": ""}, {"api_key": None}, ""),
        ({}, {}, ""),
        ({}, None, ""),
    ],
)
def test_an_api_key_is_optional_in_every_secret(secrets: Any, own: Any, default: Any, used: str) -> None:
    """The account's own goes before the default one's; without any there is none."""
    if default is not None:
        keep(secrets, **default)
    secrets.create_secret(
        Name=f"{DEFAULT}/ana", SecretString=json.dumps({"username": "a@b.c", "password": "p-ana", **own})
    )
    assert of(secrets, "ana").api_key == used
