"""What a replay begins with: the site's accounts by the incident's names, who is signed in, and the state table at t0."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from emulator.harness.clients import Clients, http_client
from emulator.harness.site import store_credentials
from emulator.harness.site_control import SiteControl
from emulator.incidents.answers import SIGN_IN, is_sign_in
from huntaze_scraper.onlyfans.session_state import pack
from huntaze_scraper.operations.incident.bundle import Answer, Bundle, SentJob, StateItem
from huntaze_scraper.state.keys import Kind
from huntaze_scraper.state.table import StateTable

_DAYS_AROUND = 400 * 86400.0
_MILLISECONDS = 1000.0


def grown_accounts(jobs: Iterable[SentJob], answers: Iterable[Answer]) -> dict[str, dict[str, Any]]:
    """Return the accounts that the jobs name, with their fans and files, for the site to grow.

    Whoever answered a second factor in the recording has one.
    """
    asked_further = {it.account for it in answers if is_sign_in(it) and it.request["url"] != SIGN_IN}
    fans, media = defaultdict[str, dict[str, None]](dict), defaultdict[str, dict[str, None]](dict)
    accounts = dict[str, None]()
    for job in jobs:
        body = job.body if isinstance(job.body, Mapping) else {}
        accounts[job.account] = None
        if job.action in ("send_message", "get_messages"):
            fans[job.account][str(body.get("user_id", ""))] = None
        for url in body.get("media_urls", ()):
            media[job.account][unquote(_path(str(url)).rpartition("/")[2])] = None
        if found := re.fullmatch(r"/([A-Za-z0-9_-][A-Za-z0-9._-]*)/?", _path(str(body.get("profile_url", "")))):
            accounts[found[1]] = None
    return {
        name: {
            "fans": [it for it in fans[name] if it],
            "media": [it for it in media[name] if it],
            "second_factor": name in asked_further,
        }
        for name in accounts
        if name
    }


def fans_of(jobs: Iterable[SentJob]) -> dict[str, str]:
    """Return to whom each job is, by its id."""
    return {it.job_id: str(it.body.get("user_id", "")) for it in jobs if isinstance(it.body, Mapping)}


def at_site(body: Mapping[str, Any] | str, site_url: str) -> Mapping[str, Any] | str:
    """Return a job's body with its addresses at this site."""
    if isinstance(body, str):
        return body
    moved = dict(body)
    if isinstance(body.get("profile_url"), str):
        moved["profile_url"] = _moved(body["profile_url"], site_url)
    if isinstance(body.get("media_urls"), list):
        moved["media_urls"] = [_moved(str(it), site_url) for it in body["media_urls"]]
    return moved


def prepare(bundle: Bundle, site: SiteControl, clients: Clients, state: StateTable) -> None:
    """Grow the site's accounts, give the scraper their credentials, and sign in who was signed in at t0."""
    accounts = grown_accounts(bundle.jobs, bundle.answers)
    site.reset(accounts)
    told = [it for it in site.accounts() if it["username"] in accounts]
    store_credentials(told, clients)
    strangers = {it.account for it in bundle.answers if is_sign_in(it)}
    for account in told:
        if account["username"] not in strangers:
            _sign_in(account, site.url, state)


def shifted(items: Iterable[StateItem], t0: float, now: float) -> dict[str, dict[str, Any]]:
    """Return the state table's items of t0 by key, as they are to be written for a clock that shows ``now`` at t0.

    Numbers that are moments (seconds or milliseconds since the epoch, within about a year of t0) go with the clock.
    """
    return {
        it.key: _shift(dict(it.item), t0, now - t0)
        for it in items
        if it.as_of == "t0" and it.table == "state" and not it.key.startswith(Kind.SESSION.prefix)
    }


def _shift(value: Any, t0: float, seconds: float) -> Any:
    match value:
        case bool():
            return value
        case Mapping():
            return {name: _shift(each, t0, seconds) for name, each in value.items()}
        case list() | tuple():
            return [_shift(each, t0, seconds) for each in value]
        case int() | float() if abs(value - t0) < _DAYS_AROUND:
            return type(value)(value + seconds)
        case int() | float() if abs(value / _MILLISECONDS - t0) < _DAYS_AROUND:
            return type(value)(value + seconds * _MILLISECONDS)
    return value


def _sign_in(account: Mapping[str, Any], site_url: str, state: StateTable) -> None:
    """Keep a session as a task would that had signed in some time before."""
    typed = {"username": account["username"], "password": account["password"]}
    answer = http_client.post(f"{site_url}/api/login", json=typed).raise_for_status()
    key = Kind.SESSION.key(account["username"])
    version = int(state.get(key, "version").get("version", 0)) + 1
    state.write_together([state.put(key, {"version": version, "state": pack(_storage(answer, site_url))})])


def _storage(answer: httpx.Response, site_url: str) -> dict[str, Any]:
    """Write a log-in's cookies as Playwright's storage state does."""
    domain = urlsplit(site_url).hostname or ""
    shape = {"domain": domain, "path": "/", "expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
    return {"cookies": [{"name": name, "value": it, **shape} for name, it in answer.cookies.items()], "origins": []}


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _moved(url: str, site_url: str) -> str:
    """Return the address at the site; one that cannot be read, or that is a bare path or name, stays as it is."""
    try:
        parts, ours = urlsplit(url), urlsplit(site_url)
    except ValueError:
        return url
    return urlunsplit((ours.scheme, ours.netloc, *parts[2:])) if parts.netloc else url
