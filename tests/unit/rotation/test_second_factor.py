"""Codes of an authenticator app."""

import pyotp
import pytest

from huntaze_scraper.rotation import second_factor

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("now", "code"), [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(now: float, code: str) -> None:
    """The examples of RFC 6238, in six digits."""
    assert second_factor.code(RFC_SECRET, now) == code


def test_codes_are_those_that_the_scraper_gives() -> None:
    """Also for a secret as sites print it: small letters, groups, no padding."""
    for now in range(0, 3000, 7):
        assert second_factor.code("abcd efgh ijkl mnop qrst uvwx", now) == pyotp.TOTP("ABCDEFGHIJKLMNOPQRSTUVWX").at(
            now
        )


def test_a_secret_that_is_none_is_refused() -> None:
    """It cannot give a code."""
    with pytest.raises(ValueError, match="base32"):
        second_factor.code("not base 32!", 0)
