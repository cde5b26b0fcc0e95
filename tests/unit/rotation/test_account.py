"""What keeps the rotation out of an account, each told by its reason and never by a secret."""

import pytest
from localprocs.host.child import free_port

from fake_onlyfans import RunningSite
from fake_onlyfans.faults.rules import read_rules
from huntaze_scraper.onlyfans.site import Site
from huntaze_scraper.rotation.account import SiteAccount, SiteRefused, WrongPassword
from tests.unit.rotation.conftest import StandingClock


def account_with_second_factor(site: RunningSite) -> str:
    return next(it.username for it in site.site.accounts.values() if it.totp_secret)


@pytest.mark.requirement("8.5")
@pytest.mark.parametrize(
    ("totp_secret", "reason"),
    [
        ("", "the site asks for a second factor and the secret has none"),
        ("not base 32!", "the secret's totp_secret is not base 32"),
    ],
)
def test_a_second_factor_needs_its_secret(site: RunningSite, totp_secret: str, reason: str) -> None:
    """None, or one that cannot be read, and the log-in ends there."""
    username = account_with_second_factor(site)
    account = SiteAccount(Site(site.url), username, totp_secret, StandingClock())
    with pytest.raises(SiteRefused) as refused:
        account.log_in(site.site.passwords[username])
    assert str(refused.value) == reason


@pytest.mark.requirement("8.5")
def test_a_wrong_password_is_told_apart(site: RunningSite) -> None:
    """It means that the secret is behind, not that the site is down."""
    username = account_with_second_factor(site)
    with pytest.raises(WrongPassword, match="does not take the password"):
        SiteAccount(Site(site.url), username, "", StandingClock()).log_in("wrong-password")


@pytest.mark.requirement("8.5")
def test_a_site_that_does_not_answer_is_one_that_refused() -> None:
    """Nothing listens there."""
    account = SiteAccount(Site(f"http://127.0.0.1:{free_port()}"), "creator-01", "", StandingClock())
    with pytest.raises(SiteRefused, match="the site did not answer: URLError"):
        account.log_in("secret-password")


@pytest.mark.requirement("8.5")
def test_credentials_go_nowhere_but_over_http() -> None:
    """An address of another kind is refused before anything is sent."""
    with pytest.raises(SiteRefused, match="neither http nor https"):
        SiteAccount(Site("ftp://example.org"), "creator-01", "", StandingClock())


@pytest.mark.requirement("8.5")
@pytest.mark.parametrize("body", ["no JSON", "[1]", ""])
def test_an_answer_that_is_no_object_counts_as_an_empty_one(site: RunningSite, body: str) -> None:
    """The status decides; what stands beside it is not taken for a second factor."""
    rule = {"match": {"path": "/api/login"}, "fault": {"kind": "status", "status": 200, "body": body}}
    site.site.rules = read_rules([rule])
    account = SiteAccount(Site(site.url), account_with_second_factor(site), "", StandingClock())
    account.log_in("whatever-it-is")
    with pytest.raises(SiteRefused, match="change of password: the site answered 401"):
        account.change_password("whatever-it-is", "another-password")
