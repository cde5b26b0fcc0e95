"""Credentials from moto's Secrets Manager."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from huntaze_scraper.errors import SignInAgain
from huntaze_scraper.onlyfans.credentials import Credentials, SecretsManagerCredentials
from huntaze_scraper.telemetry.redaction import Redactor

DEFAULT = "huntaze/onlyfans/credentials"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("secretsmanager")


def of(secrets: Any, account: str, redactor: Redactor | None = None) -> Credentials:
    return asyncio.run(SecretsManagerCredentials(secrets, DEFAULT, redactor or Redactor()).of(account))


def test_a_creators_own_secret_comes_before_the_default(secrets: Any) -> None:
    """Who has none uses the default one."""
    secrets.create_secret(Name=DEFAULT, SecretString=json.dumps({"username": "all", "password": "p-all"}))
    secrets.create_secret(
        Name=f"{DEFAULT}/ana=2Eb", SecretString=json.dumps({"username": "ana", "password": "p-ana", "totp_secret": "T"})
    )
    assert of(secrets, "ana.b").username == "ana"
    assert of(secrets, "ana.b").totp_secret == "T"
    assert of(secrets, "ben").username == "all"


@pytest.mark.requirement("8.5")
def test_a_rotated_secret_is_what_the_next_log_in_uses(secrets: Any) -> None:
    """Nothing is kept from one log-in to the next."""
    secrets.create_secret(Name=DEFAULT, SecretString=json.dumps({"username": "u", "password": "old"}))
    source = SecretsManagerCredentials(secrets, DEFAULT, Redactor())
    assert asyncio.run(source.of("a")).password == "old"
    secrets.put_secret_value(SecretId=DEFAULT, SecretString=json.dumps({"username": "u", "password": "new"}))
    assert asyncio.run(source.of("a")).password == "new"


@pytest.mark.parametrize(
    "text", ["not json", "[]", "{}", '{"username": "u"}', '{"username": "u", "password": 5}', "null"]
)
def test_a_secret_of_another_form_fails_the_sign_in_without_quoting_it(secrets: Any, text: str) -> None:
    """The reason names the form, never the content."""
    secrets.create_secret(Name=DEFAULT, SecretString=text)
    with pytest.raises(SignInAgain) as caught:
        of(secrets, "a")
    assert text not in str(caught.value)


def test_no_secret_at_all_fails_the_sign_in(secrets: Any) -> None:
    """The reason says so."""
    with pytest.raises(SignInAgain, match="no secret"):
        of(secrets, "a")


def test_no_representation_shows_a_secret(secrets: Any) -> None:
    """And the redactor knows each from now on."""
    values = {"username": "u", "password": "pass-word", "totp_secret": "TOTPTOTP", "api_key": "key-key"}
    secrets.create_secret(Name=DEFAULT, SecretString=json.dumps(values))
    redactor = Redactor()
    credentials = of(secrets, "a", redactor)
    for secret in ("pass-word", "TOTPTOTP", "key-key"):
        assert secret not in repr(credentials)
        assert secret not in redactor.text(f"<{secret}>")
