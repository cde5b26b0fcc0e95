"""A creator's credentials, read anew for each log-in so that a rotation needs no restart.

Whose they are is the owner's word alone (requirement 9.7): an account's own secret is that account's, and the default
secret is for the accounts that it names. A name that differs in a letter, a capital or a blank is another account.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.account_path import account_path
from huntaze_scraper.errors import SignInAgain, StoreUnavailable
from huntaze_scraper.telemetry.redaction import Redactor

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

ANY_ACCOUNT = "*"
"""In the default secret's ``accounts``: for every account, however its name is spelled."""


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
            SignInAgain: there is no secret for the account, or it is not what it should be.
            StoreUnavailable: Secrets Manager does not answer.
        """
        own_id = f"{self._default}/{account_path(account, escape='=')}"
        text = await asyncio.to_thread(self._read, own_id)
        if text is not None:
            credentials = _credentials(_object(text))
            if not credentials.api_key:
                default = await asyncio.to_thread(self._read, self._default)
                credentials = replace(credentials, api_key=_text(_object(default or "{}"), "api_key"))
        else:
            default = await asyncio.to_thread(self._read, self._default)
            values = _object(default or "{}")
            if not _names(values, account):
                raise SignInAgain(
                    f"no credentials for the account: there is no secret {own_id}, and {self._default} does not name it"
                )
            credentials = _credentials(values)
        self._redactor.learn(credentials.password, credentials.totp_secret, credentials.api_key)
        return credentials

    def _read(self, secret_id: str) -> str | None:
        try:
            return self._client.get_secret_value(SecretId=secret_id)["SecretString"]
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"Secrets Manager: {type(error).__name__}") from None


def _object(text: str) -> Mapping[str, Any]:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    return values if isinstance(values, dict) else {}


def _names(values: Mapping[str, Any], account: str) -> bool:
    """Tell whether the default secret is for the account: by ``accounts``, or without it by its ``username``."""
    names = values.get("accounts", [values.get("username")])
    if names == ANY_ACCOUNT:
        return True
    if not isinstance(names, list) or ANY_ACCOUNT in names:
        raise SignInAgain(f'the default secret\'s accounts is neither a list of names nor "{ANY_ACCOUNT}"')
    return account in names


def _credentials(values: Mapping[str, Any]) -> Credentials:
    texts = {name: _text(values, name) for name in ("username", "password", "totp_secret", "api_key")}
    if not (texts["username"] and texts["password"]):
        raise SignInAgain("the secret does not hold username and password as JSON")
    return Credentials(**texts)


def _text(values: Mapping[str, Any], name: str) -> str:
    """Return a text of the secret; empty where it is not there."""
    text = values.get(name) or ""
    if not isinstance(text, str):
        raise SignInAgain(f"the secret's {name} is no text")
    return text
