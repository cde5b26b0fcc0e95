"""Signing in, with a second factor where the account has one, and out."""

import secrets

import pyotp
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from fake_onlyfans.identity import SECOND_FACTOR_COOKIE, SESSION_COOKIE
from fake_onlyfans.pages.access import json_of
from fake_onlyfans.rendering import render
from fake_onlyfans.sessions import page_token
from fake_onlyfans.site import site_of

CODE_STEPS = 3
"""Codes of so many steps of 30 s before and after are taken: on a fast clock, a page takes its time."""


async def form(request: Request) -> Response:
    """Show the log-in form."""
    return render(request.scope, "login.html")


async def log_in(request: Request) -> Response:
    """Check name and password."""
    site = site_of(request.scope)
    given = await json_of(request)
    username, password = str(given.get("username")), str(given.get("password"))
    if username not in site.accounts or not secrets.compare_digest(
        site.passwords[username].encode(), password.encode(errors="replace")
    ):
        return JSONResponse({"error": "wrong_credentials"}, 401)
    if site.accounts[username].totp_secret:
        response = JSONResponse({"two_factor": True})
        _set_cookie(response, SECOND_FACTOR_COOKIE, site.half_signed_in.start(username))
        return response
    return welcome(request, username)


async def second_factor(request: Request) -> Response:
    """Check the code of the authenticator."""
    site = site_of(request.scope)
    token = request.cookies.get(SECOND_FACTOR_COOKIE)
    username = site.half_signed_in.account_of(token)
    if username is None:
        return JSONResponse({"error": "log_in_first"}, 401)
    code = str((await json_of(request)).get("code")).replace(" ", "")
    if not pyotp.TOTP(site.accounts[username].totp_secret or "").verify(code, valid_window=CODE_STEPS):
        return JSONResponse({"error": "wrong_code"}, 401)
    site.half_signed_in.end(token)
    response = welcome(request, username)
    response.delete_cookie(SECOND_FACTOR_COOKIE, path="/")
    return response


async def log_out(request: Request) -> Response:
    """End this session."""
    site_of(request.scope).sessions.end(request.cookies.get(SESSION_COOKIE))
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def welcome(request: Request, username: str) -> Response:
    """Answer with a new session."""
    site = site_of(request.scope)
    token = site.sessions.start(username)
    response = JSONResponse({"ok": True} | ({} if site.session_kept_in == "cookie" else {"token": page_token(token)}))
    _set_cookie(response, SESSION_COOKIE, token)
    return response


def _set_cookie(response: Response, name: str, token: str) -> None:
    response.set_cookie(name, token, path="/", httponly=True, samesite="lax")


routes = [
    Route("/login", form),
    Route("/api/login", log_in, methods=["POST"]),
    Route("/api/login/2fa", second_factor, methods=["POST"]),
    Route("/logout", log_out, methods=["POST"]),
]
