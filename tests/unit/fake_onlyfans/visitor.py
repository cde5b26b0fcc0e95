"""Somebody at the fake site, as tests speak of them."""

import ssl
from typing import Any

import httpx
import pyotp

from fake_onlyfans import Account, RunningSite

PATIENCE_SECONDS = 60.0
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Spares each client the reading of all certificates."""
POSTS = {"method": "POST", "path": "/api/chats/*/messages"}
"""What a rule matches to be about messages that are sent."""


def rule(
    kind: str, match: dict[str, object] | None = None, times: int | None = None, **options: object
) -> dict[str, object]:
    """Write a rule."""
    return {"match": match or {}, "fault": {"kind": kind, **options}, "times": times}


class Visitor(httpx.Client):
    """An HTTP client at the site, which signs in, chats and steers the faults."""

    def __init__(self, fake: RunningSite, **options: Any) -> None:
        """Come to the site, signed out."""
        super().__init__(base_url=fake.url, **{"timeout": PATIENCE_SECONDS, "verify": NO_TLS} | options)
        self.fake = fake

    def sign_in(self, account: Account) -> "Visitor":
        """Sign in with all that it takes."""
        password = self.fake.site.passwords[account.username]
        answer = self.post("/api/login", json={"username": account.username, "password": password})
        if answer.json().get("two_factor"):
            code = pyotp.TOTP(account.totp_secret).at(self.fake.site.now())
            answer = self.post("/api/login/2fa", json={"code": code})
        assert answer.json() == {"ok": True}
        return self

    def write(self, fan: str, text: str) -> httpx.Response:
        """Send a message."""
        return self.post(f"/api/chats/{fan}/messages", json={"text": text})

    def read(self, fan: str, **query: Any) -> httpx.Response:
        """Read a page of a conversation."""
        return self.get(f"/api/chats/{fan}/messages", params=query)

    def set_faults(self, *rules: dict[str, Any]) -> None:
        """Have these rules and no others."""
        self.post("/_control/faults", json=list(rules)).raise_for_status()

    def control(self, name: str) -> Any:
        """Ask the control API."""
        return self.get(f"/_control/{name}").raise_for_status().json()

    def accepted(self) -> list[str]:
        """Return the texts that the site took, in order."""
        return [each["text"] for each in self.control("messages")]
