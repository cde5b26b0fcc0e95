"""A fake site with a browser, for tests of the scraper without a cloud."""

from collections.abc import Iterator

import pytest

from tests.integration.scraper_office import Office, World, world


@pytest.fixture(scope="module")
def place() -> Iterator[World]:
    """A browser and a loop, for a file of tests."""
    with world() as opened:
        yield opened


@pytest.fixture
def new_office(place: World) -> Office:
    """Nobody has signed in yet."""
    return place.office()


@pytest.fixture
def office(new_office: Office) -> Office:
    """The account is signed in."""
    new_office.sign_in(new_office.account)
    return new_office
