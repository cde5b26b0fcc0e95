"""The site's own limit at the door, and how a test asks for it."""

import math

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import InvalidRule, check_seconds
from fake_onlyfans.faults.rules import read_match
from fake_onlyfans.faults.unanswered import read_all
from fake_onlyfans.identity import identity_of
from fake_onlyfans.refusals import refusal
from fake_onlyfans.site import site_of
from fake_onlyfans.window import Limit


class LimitGate:
    """Answers 429 with Retry-After where an account asks too often."""

    def __init__(self, app: ASGIApp) -> None:
        """Hold the limit in front of ``app``."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or say when to come back."""
        site = site_of(scope)
        limit = site.limit
        account = identity_of(scope)
        wait = 0.0
        if limit and account and limit.match.fits(scope["method"], scope["path"], account):
            wait = limit.take(account, site.now())
        if not wait:
            await self.app(scope, receive, send)
            return
        await read_all(receive)
        response = refusal(scope, 429, "Too Many Requests")
        response.headers["retry-after"] = str(max(1, math.ceil(wait)))
        await response(scope, receive, send)


def read_limit(value: object) -> Limit | None:
    """Read the body of ``POST limits``; ``{}`` or null is no limit.

    Raises:
        InvalidRule: what is wrong, and what is allowed.
    """
    if value is None or value == {}:
        return None
    if not isinstance(value, dict) or not {"requests", "per_seconds"} <= set(value) <= {
        "requests",
        "per_seconds",
        "match",
    }:
        raise InvalidRule('the body is {"requests": 10, "per_seconds": 60}, with an optional "match"; {} turns it off')
    requests, per_seconds = value["requests"], value["per_seconds"]
    if isinstance(requests, bool) or not isinstance(requests, int) or requests < 1:
        raise InvalidRule(f'"requests" is {requests!r}; allowed: a number from 1')
    check_seconds("per_seconds", per_seconds)
    if not per_seconds:
        raise InvalidRule('"per_seconds" is 0; allowed: seconds, more than 0')
    return Limit(requests, per_seconds, read_match(value.get("match", {})))
