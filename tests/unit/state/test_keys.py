"""The keys of the state table: no two items share one, whatever accounts are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.state.keys import LIMITS, SHARED, Kind, renamed

NAMES = st.from_regex(r"^[!-~]{1,128}\Z") | st.sampled_from(["pipeline", "workflows", "scope", "account#pipeline"])


@pytest.mark.parametrize("kind", LIMITS)
@given(account=NAMES, other=NAMES)
def test_an_accounts_own_limit_is_nobody_elses(kind: Kind, account: str, other: str) -> None:
    """Neither another account's nor the one that all share: an account may be called ``pipeline``."""
    own = kind.of_account(account)

    assert own not in SHARED
    assert (own == kind.of_account(other)) == (account == other)


@given(account=NAMES)
def test_no_accounts_name_outlives_its_renaming(account: str) -> None:
    """Also of one that is called as a shared item is; that item keeps its key."""
    for key in (*(kind.of_account(account) for kind in LIMITS), Kind.PAUSE.key(account)):
        assert renamed(key, lambda _: "somebody") in {
            *(kind.of_account("somebody") for kind in LIMITS),
            Kind.PAUSE.key("somebody"),
        }
    assert {renamed(key, lambda _: "somebody") for key in SHARED} == SHARED
