"""What the site shows to browsers and to its own scripts."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from fake_onlyfans.pages import chats, home, media, passwords, profiles, sign_in
from fake_onlyfans.refusals import is_for_programs, refusal
from fake_onlyfans.rendering import render


def pages() -> Starlette:
    """Return the site itself, without journal, faults or limit."""
    return Starlette(
        routes=[*home.routes, *sign_in.routes, *chats.routes, *passwords.routes, *media.routes, *profiles.routes],
        exception_handlers={404: _not_found, 405: _not_allowed},
    )


def _not_found(request: Request, _: Exception) -> Response:
    if is_for_programs(request.url.path):
        return refusal(request.scope, 404, "not found")
    return render(request.scope, "not_found.html", 404)


def _not_allowed(request: Request, _: Exception) -> Response:
    return refusal(request.scope, 405, "method not allowed")
