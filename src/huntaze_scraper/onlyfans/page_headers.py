"""What a page's own script would have sent along, for the requests that are sent in its place (W3C Fetch Metadata)."""

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
BROWSERS_OWN = frozenset({"sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "user-agent", "accept-language"})
"""Headers that a browser sends with each of its requests, always the same."""


def of_posting(url: str, headers: Mapping[str, str], resource_type: str) -> dict[str, str]:
    """Return the headers of a request that was held back before Chromium had given it the last ones."""
    origin = next((text for name, text in headers.items() if name.lower() == "origin"), url)
    return {**headers, **_fetch_metadata(url, origin, is_navigation=resource_type == "Document")}


def of_reading(url: str, page: str, known: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with which a page's script would read an address; ``known`` is what its browser sends."""
    browsers = {name.lower(): text for name, text in known.items() if name.lower() in BROWSERS_OWN}
    return {"accept": "*/*", "referer": page, **browsers, **_fetch_metadata(url, page, is_navigation=False)}


def _fetch_metadata(url: str, initiator: str, *, is_navigation: bool) -> dict[str, str]:
    target = urlsplit(url)
    if target.scheme != "https" and target.hostname not in LOOPBACK:
        return {}  # browsers tell it to addresses that cannot be listened to, and to no others
    how = ("navigate", "document") if is_navigation else ("cors", "empty")
    user = {"sec-fetch-user": "?1"} if is_navigation else {}
    return {
        "sec-fetch-site": _relation(urlsplit(initiator), target),
        "sec-fetch-mode": how[0],
        "sec-fetch-dest": how[1],
    } | user


def _relation(initiator: SplitResult, target: SplitResult) -> str:
    if (initiator.scheme, initiator.netloc) == (target.scheme, target.netloc):
        return "same-origin"
    one, other = initiator.hostname or "", target.hostname or ""
    # One site's hosts lie below one another here; two below a common name are not asked for.
    is_below = one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
    return "same-site" if is_below and initiator.scheme == target.scheme else "cross-site"
