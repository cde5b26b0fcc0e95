"""The fake site's control API as Python."""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.harness.clients import http_client


class SiteControl:
    """Sets faults on the fake site and asks what it saw."""

    def __init__(self, url: str) -> None:
        """Remember where the site is."""
        self.url = url
        self._control = f"{url}/_control"

    def reset(self, grown_accounts: Mapping[str, Mapping[str, Sequence[str] | bool]] | None = None) -> None:
        """Forget messages, sessions, faults, limits and recorded requests; grow further accounts by their names."""
        self._post("reset", {"grown_accounts": grown_accounts} if grown_accounts else {})

    def faults(self, *rules: dict[str, Any]) -> None:
        """Put these fault rules in force, in place of all others."""
        self._post("faults", list(rules))

    def rules(self) -> list[dict[str, Any]]:
        """Return the rules in force, with how many requests each matched and how often its fault came."""
        return self._get("faults")

    def limits(self, requests: int, per_seconds: float, **match: str) -> None:
        """Let the site refuse an account's requests beyond this rate, or those that match, with 429."""
        self._post("limits", {"requests": requests, "per_seconds": per_seconds, "match": match})

    def requests(self) -> list[dict[str, Any]]:
        """Return every request it saw, in order."""
        return self._get("requests")

    def messages(self) -> list[dict[str, Any]]:
        """Return every message it accepted, in order."""
        return self._get("messages")

    def accounts(self) -> list[dict[str, Any]]:
        """Return its accounts."""
        return self._get("accounts")

    def _get(self, name: str) -> list[dict[str, Any]]:
        answer = http_client.get(f"{self._control}/{name}").raise_for_status().json()
        return list(answer[name] if isinstance(answer, dict) else answer)

    def _post(self, name: str, body: object) -> None:
        answer = http_client.post(f"{self._control}/{name}", json=body)
        if answer.is_error:
            raise ValueError(answer.text)
