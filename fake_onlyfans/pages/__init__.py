"""What the site shows to browsers and to its own scripts."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fake_onlyfans.pages import chats, home, media, passwords, profiles, sign_in
from fake_onlyfans.refusals import is_for_programs, refusal
from fake_onlyfans.rendering import render

NOT_FOUND = 404


def pages() -> Starlette:
    """Return the site itself, without journal, faults or limit."""
    return Starlette(
        routes=[*home.routes, *sign_in.routes, *chats.routes, *passwords.routes, *media.routes, *profiles.routes],
        exception_handlers={HTTPException: _refuse},
    )


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 it is registered for no other
    if error.status_code == NOT_FOUND and not is_for_programs(request.url.path):
        return render(request.scope, "not_found.html", NOT_FOUND)
    return refusal(request.scope, error.status_code, error.detail)
