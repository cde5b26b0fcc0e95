"""A creator's credentials, read anew for each log-in so that a rotation needs no restart."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.account_path import account_path
from huntaze_scraper.errors import SignInAgain, StoreUnavailable
from huntaze_scraper.telemetry.redaction import Redactor

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the site wants to know; no representation shows a secret."""

    username: str
    password: str = field(repr=False)
    totp_secret: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)


class CredentialsSource(Protocol):
    """Where credentials come from."""

    async def of(self, account: str) -> Credentials:
        """Return the account's credentials as they are now."""
        ...


class SecretsManagerCredentials:
    """Credentials from Secrets Manager: the account's own secret, else the default one."""

    def __init__(self, client: "SecretsManagerClient", default_secret_id: str, redactor: Redactor) -> None:
        """Read from Secrets Manager, and teach the redactor what was read."""
        self._client = client
        self._default = default_secret_id
        self._redactor = redactor

    async def of(self, account: str) -> Credentials:
        """Return the account's credentials as they are now.

        Raises:
            SignInAgain: there is no secret, or it is not what it should be.
            StoreUnavailable: Secrets Manager does not answer.
        """
        own = await asyncio.to_thread(self._read, f"{self._default}/{account_path(account, escape='=')}")
        text = own if own is not None else await asyncio.to_thread(self._read, self._default)
        if text is None:
            raise SignInAgain("there is no secret with credentials")
        credentials = _parse(text)
        self._redactor.learn(credentials.password, credentials.totp_secret, credentials.api_key)
        return credentials

    def _read(self, secret_id: str) -> str | None:
        try:
            return self._client.get_secret_value(SecretId=secret_id)["SecretString"]
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"Secrets Manager: {type(error).__name__}") from None


def _parse(text: str) -> Credentials:
    try:
        values = json.loads(text)
        texts = {name: values.get(name) or "" for name in ("username", "password", "totp_secret", "api_key")}
    except (ValueError, AttributeError):
        texts = {}
    if not all(isinstance(each, str) for each in texts.values()) or not (texts.get("username") and texts["password"]):
        raise SignInAgain("the secret does not hold username and password as JSON")
    return Credentials(**texts)
