"""Profiles of the creators."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fake_onlyfans.accounts import Account
from fake_onlyfans.pages.access import page
from fake_onlyfans.rendering import render
from fake_onlyfans.site import site_of


@page
async def profile(request: Request, account: Account) -> Response:
    """Show a creator's profile."""
    creator = site_of(request.scope).accounts.get(request.path_params["username"])
    if creator is None:
        raise HTTPException(404)
    return render(request.scope, "profile.html", me=account, creator=creator)


routes = [Route("/{username}", profile)]
