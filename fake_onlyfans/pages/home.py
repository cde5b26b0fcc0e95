"""The root: a small home for who is signed in, a view of the site's inside for everybody else."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fake_onlyfans.overview import overview_page
from fake_onlyfans.pages.access import signed_in
from fake_onlyfans.rendering import render


async def home(request: Request) -> Response:
    """Show the root."""
    account = signed_in(request)
    if account:
        return render(request.scope, "home.html", me=account)
    return overview_page(request.scope)


routes = [Route("/", home)]
