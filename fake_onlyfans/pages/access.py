"""Who may see what: pages send strangers to the log-in, the API answers 401."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fake_onlyfans.accounts import Account, Fan
from fake_onlyfans.identity import session_account
from fake_onlyfans.refusals import refusal
from fake_onlyfans.site import site_of

type Endpoint = Callable[[Request], Awaitable[Response]]
type SignedIn = Callable[[Request, Account], Awaitable[Response]]


def signed_in(request: Request) -> Account | None:
    """Return the account whose session the request carries."""
    site = site_of(request.scope)
    username = session_account(request.scope, site)
    return site.accounts[username] if username else None


def page(handler: SignedIn) -> Endpoint:
    """Show the page to a signed-in account, and send others to the log-in."""

    async def endpoint(request: Request) -> Response:
        account = signed_in(request)
        return await handler(request, account) if account else RedirectResponse("/login", 303)

    return endpoint


def api(handler: SignedIn) -> Endpoint:
    """Answer a signed-in account, and others with 401."""

    async def endpoint(request: Request) -> Response:
        account = signed_in(request)
        return await handler(request, account) if account else refusal(request.scope, 401, "unauthorized")

    return endpoint


def fan_of(request: Request, account: Account) -> Fan:
    """Return the fan that the path names; 404 when the account has no such fan."""
    fan = site_of(request.scope).fan(account, request.path_params["fan"])
    if fan is None:
        raise HTTPException(404)
    return fan


async def json_of(request: Request) -> dict[str, object]:
    """Return the object in the body; 400 when there is none."""
    try:
        value = await request.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise HTTPException(400)
    return value
