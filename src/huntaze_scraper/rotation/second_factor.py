"""The code of an authenticator app (RFC 6238): SHA-1, six digits, a new one every 30 seconds."""

import base64
import hashlib
import hmac
import struct

STEP_SECONDS = 30
DIGITS = 6


def code(secret: str, now: float) -> str:
    """Return the code at the moment ``now``; the secret is in base 32, as sites hand it out.

    Raises:
        ValueError: the secret is not base 32.
    """
    plain = secret.replace(" ", "").upper()
    key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(now) // STEP_SECONDS), hashlib.sha1)
    start = digest[-1] & 0xF
    number: int = struct.unpack_from(">I", digest, start)[0] & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)
