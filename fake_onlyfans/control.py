"""The control API: how tests and people steer the site; never recorded, never faulted."""

from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fake_onlyfans.faults.fault import InvalidRule, check_seconds
from fake_onlyfans.faults.rules import read_rules
from fake_onlyfans.limits import read_limit
from fake_onlyfans.overview import overview, overview_page
from fake_onlyfans.rendering import render
from fake_onlyfans.site import KeptIn, site_of

RESET = ("seed", "session_seconds", "session_kept_in", "clutter_kilobytes", "grown_accounts")


async def reset(request: Request) -> Response:
    """Start again; the body may give another ``seed``, how long sessions last, where they are kept, and with what."""
    try:
        given = await _body(request, {})
    except InvalidRule as error:
        return _wrong(str(error))
    site = site_of(request.scope)
    if not isinstance(given, dict) or set(given) - set(RESET):
        return _wrong(f'the body is {{}}, or an object with "{'", "'.join(RESET[:-1])}" and "{RESET[-1]}"')
    try:
        for name in ("seed", "clutter_kilobytes"):
            _check_whole(name, given.get(name, 0))
        if given.get("session_seconds") is not None:
            check_seconds("session_seconds", given["session_seconds"] or -1)
        _check_kept_in(given.get("session_kept_in", "cookie"))
        _check_grown(given.get("grown_accounts", {}))
    except InvalidRule as error:
        return _wrong(str(error))
    site.reset(**given)
    return JSONResponse({"seed": site.seed, "accounts": list(site.accounts)})


async def set_faults(request: Request) -> Response:
    """Replace the rules; ``[]`` clears them."""
    site = site_of(request.scope)
    try:
        site.rules = read_rules(await _body(request, None))
    except InvalidRule as error:
        return _wrong(str(error))
    return _listed(rule.as_json() for rule in site.rules)


async def faults(request: Request) -> Response:
    """List the rules, with how many requests matched and how often each fault came."""
    return _listed(rule.as_json() for rule in site_of(request.scope).rules)


async def requests(request: Request) -> Response:
    """List every request in the order in which they came."""
    return _listed(each.as_json() for each in site_of(request.scope).exchanges)


async def messages(request: Request) -> Response:
    """List every message that was accepted, in order."""
    return _listed(
        {
            "time": each.message.time,
            "account": each.account,
            "fan": each.fan,
            "text": each.message.text,
            "id": each.message.id,
        }
        for each in site_of(request.scope).conversations.accepted
    )


async def set_limits(request: Request) -> Response:
    """Set the site's own limit an account; ``{}`` or null turns it off."""
    site = site_of(request.scope)
    try:
        site.limit = read_limit(await _body(request, None))
    except InvalidRule as error:
        return _wrong(str(error))
    return JSONResponse(site.limit and site.limit.as_json())


async def limits(request: Request) -> Response:
    """Tell the site's own limit; null where there is none."""
    limit = site_of(request.scope).limit
    return JSONResponse(limit and limit.as_json())


async def accounts(request: Request) -> Response:
    """List the accounts with what it takes to sign in, their fans and their media."""
    site = site_of(request.scope)
    return _listed(
        {
            "username": each.username,
            "password": site.passwords[each.username],
            "totp_secret": each.totp_secret,
            "display_name": each.display_name,
            "fans": [fan._asdict() for fan in each.fans],
            "media": [{"name": file.name, "content_type": file.content_type, "size": file.size} for file in each.media],
        }
        for each in site.accounts.values()
    )


async def page(request: Request) -> Response:
    """Show the site's inside; the root shows the same to who is not signed in."""
    return overview_page(request.scope)


async def inside(request: Request) -> Response:
    """Show the overview's changing part, for the page that refreshes itself."""
    return render(request.scope, "inside.html", **overview(site_of(request.scope)))


async def _body(request: Request, empty: object) -> Any:
    if not await request.body():
        return empty
    try:
        return await request.json()
    except (ValueError, RecursionError):
        raise InvalidRule("the body is not JSON") from None


def _listed(items: Any) -> Response:
    return JSONResponse(list(items))


def _check_whole(name: str, value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidRule(f'"{name}" is {value!r}; allowed: a whole number')


def _check_kept_in(value: object) -> None:
    if value not in (allowed := get_args(KeptIn.__value__)):
        raise InvalidRule(f'"session_kept_in" is {value!r}; allowed: {", ".join(allowed)}')


def _check_grown(value: object) -> None:
    """Refuse accounts that cannot grow: one of the seed is there already."""
    allowed = (
        'allowed: {"name": {"fans": ["name"], "media": ["name.jpg"], "second_factor": true}}, '
        "names that no account of the seed has"
    )
    if not isinstance(value, dict):
        raise InvalidRule(f'"grown_accounts" is {value!r}; {allowed}')
    for name, parts in value.items():
        ours = name.startswith("creator-") and name.removeprefix("creator-").isdecimal()
        if ours or not isinstance(parts, dict) or not all(_is_part(*it) for it in parts.items()):
            raise InvalidRule(f'"grown_accounts" has {name!r}: {parts!r}; {allowed}')


def _is_part(name: str, value: object) -> bool:
    if name == "second_factor":
        return isinstance(value, bool)
    if name not in ("fans", "media") or not isinstance(value, list):
        return False
    return all(isinstance(it, str) and it for it in value)


def _wrong(text: str) -> Response:
    return JSONResponse({"error": text}, 400)


routes = [
    Route("/", page),
    Route("/reset", reset, methods=["POST"]),
    Route("/faults", faults),
    Route("/faults", set_faults, methods=["POST"]),
    Route("/requests", requests),
    Route("/messages", messages),
    Route("/limits", limits),
    Route("/limits", set_limits, methods=["POST"]),
    Route("/accounts", accounts),
    Route("/overview", inside),
]
