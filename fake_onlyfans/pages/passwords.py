"""Changing the password: real, and the end of every session before it."""

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fake_onlyfans.accounts import Account
from fake_onlyfans.pages.access import json_of, page, signed_in
from fake_onlyfans.pages.sign_in import welcome
from fake_onlyfans.rendering import render
from fake_onlyfans.site import site_of

SHORTEST = 8


@page
async def form(request: Request, account: Account) -> Response:
    """Show the form."""
    return render(request.scope, "password.html", me=account, done=False, error=None)


async def change(request: Request) -> Response:
    """Take the new password where the current one is right; a form is answered by a page, JSON by JSON."""
    account = signed_in(request)
    if account is None:
        return JSONResponse({"error": "unauthorized"}, 401)
    by_form = not request.headers.get("content-type", "").startswith("application/json")
    given = dict(await request.form()) if by_form else await json_of(request)
    error = _refused(site_of(request.scope).passwords[account.username], given.get("current"), given.get("new"))
    if error:
        status, reason = error
        if by_form:
            return render(request.scope, "password.html", status, me=account, done=False, error=reason)
        return JSONResponse({"error": reason.lower().replace(" ", "_")}, status)
    site = site_of(request.scope)
    site.passwords[account.username] = str(given["new"])
    site.sessions.end_all(account.username)
    site.half_signed_in.end_all(account.username)
    response = welcome(request, account.username)
    if by_form:
        answered = render(request.scope, "password.html", me=account, done=True, error=None)
        answered.headers["set-cookie"] = response.headers["set-cookie"]
        return answered
    return response


def _refused(password: str, current: object, new: object) -> tuple[int, str] | None:
    if not isinstance(current, str) or not secrets.compare_digest(password.encode(), current.encode(errors="replace")):
        return 403, "Wrong password"
    if not isinstance(new, str) or len(new) < SHORTEST:
        return 400, "Weak password"
    return None


routes = [Route("/account/password", form), Route("/account/password", change, methods=["POST"])]
