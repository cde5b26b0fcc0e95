"""A secret in Secrets Manager and the account that it opens, at a running site."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

import fake_onlyfans
from fake_onlyfans import Account, RunningSite
from huntaze_scraper.onlyfans.site import Site
from huntaze_scraper.rotation.account import SiteAccount
from huntaze_scraper.rotation.steps import Rotation
from tests.unit.aws import aws_client, moto_aws

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

SECRET = "huntaze/onlyfans/credentials"
TOKEN = "11111111-2222-3333-4444-555555555555"


class StandingClock:
    """A clock that moves by being slept on."""

    def __init__(self) -> None:
        """Start now: the site judges codes by the machine's clock."""
        self.time = time.time()

    def now(self) -> float:
        """Return the moment."""
        return self.time

    def monotonic(self) -> float:
        """Return the moment."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Be there at once."""
        self.time += seconds


@dataclass
class Vault:
    """Secrets Manager with the one secret."""

    client: "SecretsManagerClient"

    def put(self, **values: str) -> None:
        """Make the secret, or replace what it holds."""
        text = json.dumps(values)
        try:
            self.client.create_secret(Name=SECRET, SecretString=text)
        except self.client.exceptions.ResourceExistsException:
            self.client.put_secret_value(SecretId=SECRET, SecretString=text)

    def read(self, stage: str = "AWSCURRENT") -> dict[str, Any]:
        """Return what the secret holds."""
        answer = self.client.get_secret_value(SecretId=SECRET, VersionStage=stage)
        return dict(json.loads(answer["SecretString"]))


@pytest.fixture(scope="session")
def served() -> Iterator[RunningSite]:
    """One site for all tests."""
    with fake_onlyfans.running() as running:
        yield running


@pytest.fixture
def site(served: RunningSite) -> RunningSite:
    """The site as if just started."""
    served.site.reset()
    return served


@pytest.fixture
def account(site: RunningSite) -> Account:
    """A creator without a second factor."""
    return next(each for each in site.site.accounts.values() if not each.totp_secret)


@pytest.fixture
def account_with_second_factor(site: RunningSite) -> Account:
    """A creator who has one."""
    return next(each for each in site.site.accounts.values() if each.totp_secret)


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    """Secrets Manager, empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto_aws():
        yield Vault(aws_client("secretsmanager"))


@pytest.fixture
def clock() -> StandingClock:
    """The time that the function sees."""
    return StandingClock()


@pytest.fixture
def rotation(vault: Vault, site: RunningSite, clock: StandingClock) -> Rotation:
    """A rotation of the secret, to the token's version."""
    return Rotation(
        vault.client,
        SECRET,
        TOKEN,
        lambda username, totp_secret: SiteAccount(Site(site.url), username, totp_secret, clock),
    )
