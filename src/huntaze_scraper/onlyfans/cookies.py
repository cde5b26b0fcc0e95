"""A session's cookies for a client that is not the browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Cookies:
    """Cookies as the browser holds them; each goes only where the browser would send it."""

    held: Sequence[Mapping[str, Any]]

    def header(self, url: str) -> dict[str, str]:
        """Return the Cookie header for an address, or nothing."""
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path or "/"
        fitting = [
            f"{each['name']}={each['value']}"
            for each in self.held
            if _is_host(host, each["domain"])
            and _is_path(path, each.get("path") or "/")
            and (parts.scheme == "https" or not each.get("secure"))
        ]
        return {"Cookie": "; ".join(fitting)} if fitting else {}


def _is_host(host: str, domain: str) -> bool:
    return host == domain.removeprefix(".") or (domain.startswith(".") and host.endswith(domain))


def _is_path(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/")
