"""Names that stand for names: equal stays equal, what sorts before sorts before, and nobody can tell whose they were."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

KINDS = ("creator", "fan", "correlation", "campaign", "message", "thing")
"""What a name is of, the most telling first: whoever is known as a creator is one wherever it stands."""
_DIGITS = 8


class Pseudonyms:
    """Gives them, under a key that lives as long as this object and is written nowhere.

    Names are first met, all of them; only then their order is known, and they can be given.
    """

    def __init__(self) -> None:
        """Make the key."""
        self._key = secrets.token_bytes(32)
        self._kinds: dict[str, str] = {}
        self._given: Mapping[str, str] = {}

    @property
    def names(self) -> frozenset[str]:
        """Every name that was met."""
        return frozenset(self._kinds)

    def seed(self, text: str) -> bytes:
        """Return bytes that follow from the text and the key."""
        return hmac.digest(self._key, text.encode(errors="surrogatepass"), hashlib.sha256)

    def of(self, name: str, kind: str) -> str:
        """Return what stands for a name; before ``settle``, only meet it."""
        known = self._kinds.get(name)
        if known is None or KINDS.index(kind) < KINDS.index(known):
            self._kinds[name] = kind
        return self._given.get(name, "") or f"{kind}-{self._digits(name)}"

    def settle(self) -> None:
        """Give each name that was met its own: by its kind, its place in the order of all, and digits of its HMAC."""
        self._given = {
            name: f"{self._kinds[name]}-{place:05}-{self._digits(name)}"
            for place, name in enumerate(sorted(self._kinds), 1)
        }

    def known(self, name: str) -> str:
        """Return what stands for a name that was met; empty for any other."""
        return self._given.get(name, "")

    def _digits(self, name: str) -> str:
        return self.seed(name).hex()[:_DIGITS]
