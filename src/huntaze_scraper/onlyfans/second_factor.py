"""The code of an authenticator app (RFC 6238): SHA-1, six digits, a new one every 30 seconds."""

import base64

import pyotp

STEP_SECONDS = 30
SHORTEST_KEY = 20


def code(secret: str, now: float) -> str:
    """Return the code at the moment ``now``; the secret is in base 32, as sites hand it out: in groups, in any case.

    Raises:
        ValueError: the secret is not base 32.
    """
    plain = "".join(secret.split()).rstrip("=")
    key = base64.b32decode(plain + "=" * (-len(plain) % 8), casefold=True)
    # pyotp refuses keys under 112 bits, which sites do hand out; HMAC fills a short key with zeros anyway (RFC 2104).
    filled = base64.b32encode(key.ljust(SHORTEST_KEY, b"\0")).decode()
    return pyotp.TOTP(filled, interval=STEP_SECONDS).at(int(now))
