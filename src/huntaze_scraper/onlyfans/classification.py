"""Which error an answer of the site, or of the browser, stands for."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from huntaze_scraper.errors import (
    HumanWanted,
    NoAnswer,
    PageBroken,
    Refused,
    SignInAgain,
    SiteError,
    SlowDown,
    TryAgain,
    TryAgainLonger,
    Unanswered,
)
from huntaze_scraper.onlyfans.site import CHALLENGE_HEADERS

DEFAULT_WAIT_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 12 * 3600.0

GATEWAYS_OWN = frozenset({408, 499, 502, 504, *range(520, 600)})
"""Statuses that no site gives: a gateway could not reach it, or gave it up, while it may be at work on the request."""

_NETWORK = re.compile(
    r"net::(ERR_[A-Z_]+)|\b(ECONN[A-Z]+|ETIMEDOUT|ENOTFOUND|EPIPE|EHOSTUNREACH|EAI_AGAIN|socket hang up|aborted)\b"
)
_ROUND_IN_CIRCLES = "net::ERR_TOO_MANY_REDIRECTS"
"""What sites do to a session that they half know; without one, a log-in is refused so."""
_GONE = re.compile(r"crashed|has been closed|target closed|connection closed|disconnected", re.IGNORECASE)


def of_status(status: int, headers: Mapping[str, str], request: str, now: float) -> SiteError | None:
    """Classify an answer; None where there is nothing wrong with it.

    Args:
        status: the HTTP status.
        headers: their names in lower case.
        request: method and path, for the log.
        now: seconds since the epoch, against which a Retry-After date counts.
    """
    if any(headers.get(name) == value for name, value in CHALLENGE_HEADERS.items()):
        return HumanWanted("the site asks whether a human is there", status=status, request=request)
    if status < HTTPStatus.BAD_REQUEST:
        return None
    if status == HTTPStatus.UNAUTHORIZED:
        return SignInAgain("the site does not know the session", status=status, request=request)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = retry_after_seconds(headers.get("retry-after"), now)
        return SlowDown("the site asks to slow down", status=status, request=request, wait_seconds=wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TryAgain("the site failed", status=status, request=request)
    return Refused("the site refuses", status=status, request=request)


def of_effect(status: int, headers: Mapping[str, str], request: str, now: float, *, is_sites: bool) -> SiteError | None:
    """Classify the answer to a request that changes something: a gateway's word on it says nothing.

    Args:
        status: the HTTP status.
        headers: their names in lower case.
        request: method and path, for the log.
        now: seconds since the epoch, against which a Retry-After date counts.
        is_sites: whether the body has the form that the site's own answers have; a gateway's is a page, or nothing.
    """
    error = of_status(status, headers, request, now)
    if isinstance(error, HumanWanted):
        return error
    if status in GATEWAYS_OWN or (isinstance(error, TryAgain) and not is_sites):
        return Unanswered("a gateway answered, not the site", status=status, request=request)
    return error


def of_browser(message: str, request: str, *, timed_out: bool, responsive: bool) -> SiteError:
    """Classify what Playwright raised. Of its text only the first line is kept: the others quote what was typed.

    Args:
        message: Playwright's text.
        request: what was under way, for the log.
        timed_out: whether it was a time-out.
        responsive: whether the page still answers; one that does not hangs.
    """
    if _ROUND_IN_CIRCLES in message:
        return SignInAgain("the site sends the browser round in circles", request=request)
    network = _NETWORK.search(message)
    if network:
        return TryAgainLonger(f"no whole answer: {network.group(1) or network.group(2)}", request=request)
    if says_gone(message):
        return PageBroken("the page or its browser crashed", request=request)
    if timed_out and responsive:
        return NoAnswer("no answer in time", request=request)
    if timed_out:
        return PageBroken("the page hangs", request=request)
    first_line = re.sub(r"\?\S*", "", message.partition("\n")[0])[:200]
    return PageBroken(f"the browser could not do it: {first_line}", request=request)


def says_gone(message: str) -> bool:
    """Tell whether Playwright says that page, browser or driver is not there any more."""
    return bool(_GONE.search(message))


def retry_after_seconds(header: str | None, now: float) -> float:
    """Read Retry-After, as seconds or as a date; a minute where it is absent or unreadable. From 1 s to 12 h."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
        except (ValueError, OverflowError):
            seconds = DEFAULT_WAIT_SECONDS
    return min(max(seconds, 1.0), LONGEST_WAIT_SECONDS)
