"""Whose request it is: by its session, or by the name that it signs in with."""

import json

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fake_onlyfans.site import Site, site_of

SESSION_COOKIE = "sess"
SECOND_FACTOR_COOKIE = "login"


class Identify:
    """Finds the account of each request and keeps it with the request."""

    def __init__(self, app: ASGIApp) -> None:
        """Name the account of each request before ``app`` sees it."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the account, then go on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        site = site_of(scope)
        if scope["method"] == "POST" and scope["path"].startswith("/api/login"):
            body, receive = await _peek(receive)
            account = _named_account(scope, site, body)
        else:
            account = session_account(scope, site)
        scope.setdefault("state", {})["account"] = account
        await self.app(scope, receive, send)


def identity_of(scope: Scope) -> str | None:
    """Return the account that the request is for, also when it is only about to sign in."""
    account: str | None = scope["state"]["account"]
    return account


def session_account(scope: Scope, site: Site) -> str | None:
    """Return the account that is signed in; None without a session."""
    return site.sessions.account_of(cookie(scope, SESSION_COOKIE))


def cookie(scope: Scope, name: str) -> str | None:
    """Return one cookie of the request."""
    for header, value in scope["headers"]:
        if header == b"cookie":
            found = cookie_parser(value.decode("latin-1")).get(name)
            if found is not None:
                return found
    return None


def _named_account(scope: Scope, site: Site, body: bytes) -> str | None:
    if scope["path"] == "/api/login/2fa":
        return site.half_signed_in.account_of(cookie(scope, SECOND_FACTOR_COOKIE))
    try:
        username = json.loads(body)["username"]
    except (ValueError, KeyError, TypeError):
        return None
    return username if isinstance(username, str) and username in site.accounts else None


async def _peek(receive: Receive) -> tuple[bytes, Receive]:
    """Read the body and return a ``receive`` that gives it once more."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return body, receive_again
