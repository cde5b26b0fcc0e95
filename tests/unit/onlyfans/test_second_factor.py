"""Codes of an authenticator app."""

import base64
import hashlib
import hmac
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.onlyfans import second_factor

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("now", "code"), [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(now: float, code: str) -> None:
    """The examples of RFC 6238, in six digits."""
    assert second_factor.code(RFC_SECRET, now) == code


@pytest.mark.parametrize(
    "printed",
    [
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
        "GEZDGNBVGY3TQOJQ GEZDGNBVGY3TQOJQ\n",
    ],
)
def test_a_secret_is_taken_as_sites_print_it(printed: str) -> None:
    """Small letters, groups, a line's end."""
    assert second_factor.code(printed, 59) == "287082"


@given(st.binary(min_size=1, max_size=64), st.integers(0, 2**37))
def test_a_key_of_any_length_gives_the_standards_code(key: bytes, now: int) -> None:
    """Ten bytes, as many sites hand out, are no fewer than twenty."""
    digest = hmac.digest(key, struct.pack(">Q", now // 30), hashlib.sha1)
    start = digest[-1] & 0xF
    number = struct.unpack_from(">I", digest, start)[0] & 0x7FFFFFFF
    for secret in (base64.b32encode(key).decode(), base64.b32encode(key).decode().rstrip("=")):
        assert second_factor.code(secret, now) == str(number % 10**6).zfill(6)


@pytest.mark.parametrize("secret", ["not base 32!", "1", "ÄÖ", "A"])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    """It cannot give a code."""
    with pytest.raises(ValueError, match=r"base32|padding|ASCII"):
        second_factor.code(secret, 0)
