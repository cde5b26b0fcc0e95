"""The four steps of a rotation, as Secrets Manager calls them; each may be called again and does no harm then.

The account's password and the secret change at different moments. Should a step fail between them, the
pending version keeps the password that the site took, and Secrets Manager goes on with that version.
"""

import json
import secrets
import string
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from huntaze_scraper.errors import HuntazeError
from huntaze_scraper.rotation.account import WrongPassword

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
PASSWORD_LENGTH = 32
ALPHABET = string.ascii_letters + string.digits + "-_.!"


class NotRotatable(HuntazeError):
    """The secret is not one that this function can rotate."""


class StillPlaceholder(NotRotatable):
    """The owner has not put the credentials yet."""


class Account(Protocol):
    """The account whose password changes."""

    def log_in(self, password: str) -> None:
        """Log in anew, or raise WrongPassword."""
        ...

    def change_password(self, current: str, new: str) -> None:
        """Change the password."""
        ...


class Rotation:
    """One rotation: of one secret, to the version that the token names."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        secret_id: str,
        token: str,
        account: Callable[[str, str], Account],
    ) -> None:
        """Make nothing yet; ``account`` opens the account of a username and a TOTP secret."""
        self._client = client
        self._secret_id = secret_id
        self._token = token
        self._account = account

    def create_secret(self) -> None:
        """Keep a new password as the pending version, unless an earlier try did."""
        current = self._version(CURRENT)
        try:
            self._version(PENDING)
        except (self._client.exceptions.ResourceNotFoundException, NotRotatable):
            text = json.dumps({**current, "password": new_password()})
            self._client.put_secret_value(
                SecretId=self._secret_id,
                ClientRequestToken=self._token,
                SecretString=text,
                VersionStages=[PENDING],
            )

    def set_secret(self) -> None:
        """Give the account the pending password, unless it has it already."""
        current, pending = self._version(CURRENT), self._version(PENDING)
        try:
            self._open(pending).log_in(pending["password"])
        except WrongPassword:
            account = self._open(current)
            account.log_in(current["password"])
            account.change_password(current["password"], pending["password"])

    def test_secret(self) -> None:
        """Log in with the pending password.

        Secrets Manager calls this step by itself when the schedule is made, while the secret may still be the
        placeholder: then there is nothing to test, and nothing is wrong.
        """
        try:
            pending = self._version(PENDING)
        except StillPlaceholder:
            return
        self._open(pending).log_in(pending["password"])

    def finish_secret(self) -> None:
        """Make the pending version the current one: what every reader gets from now on."""
        stages = self._client.describe_secret(SecretId=self._secret_id)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if CURRENT in labels)
        if current != self._token:
            self._client.update_secret_version_stage(
                SecretId=self._secret_id,
                VersionStage=CURRENT,
                MoveToVersionId=self._token,
                RemoveFromVersionId=current,
            )

    def _open(self, version: dict[str, str]) -> Account:
        return self._account(version["username"], version.get("totp_secret") or "")

    def _version(self, stage: str) -> dict[str, str]:
        named = {"VersionId": self._token} if stage == PENDING else {}
        answer = self._client.get_secret_value(SecretId=self._secret_id, VersionStage=stage, **named)
        try:
            values = json.loads(answer.get("SecretString", ""))
        except ValueError:
            values = None
        if not isinstance(values, dict) or not values.get("password"):
            raise NotRotatable("the secret does not hold username and password as JSON")
        if not values.get("username"):
            raise StillPlaceholder("the secret has no username: the owner has not put the credentials yet")
        return values


def new_password() -> str:
    """Return a password that nobody can guess and every form takes: letters of both cases, a digit, a sign."""
    while True:
        password = "".join(secrets.choice(ALPHABET) for _ in range(PASSWORD_LENGTH))
        kinds = (str.islower, str.isupper, str.isdigit, lambda it: not it.isalnum())
        if all(any(kind(each) for each in password) for kind in kinds):
            return password
