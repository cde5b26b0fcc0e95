"""Pages from templates, in the layout that scrapers know or in a redesigned one."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse
from starlette.types import Scope

from fake_onlyfans.identity import SESSION_COOKIE, cookie
from fake_onlyfans.sessions import page_token
from fake_onlyfans.site import site_of

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(scope: Scope, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """Answer with a page."""
    drifted = is_redesigned(scope)
    name = _redesigned_name if drifted else _same_name
    page = _templates.get_template(template).render(
        {"site": site_of(scope), "token": page_token(cookie(scope, SESSION_COOKIE) or ""), "me": None} | context,
        drifted=drifted,
        name=name,
        hook=_hook(drifted, name),
    )
    return HTMLResponse(page, status_code, {"cache-control": "no-store"})


def redesign(scope: Scope) -> None:
    """Have the pages of this request in the redesigned layout."""
    scope.setdefault("state", {})["redesigned"] = True


def is_redesigned(scope: Scope) -> bool:
    """Say whether this request sees the redesigned layout."""
    return bool(scope.get("state", {}).get("redesigned"))


def _hook(drifted: bool, name: Callable[[str], str]) -> Callable[[str], Markup]:
    attribute = "data-qa" if drifted else "data-testid"
    return lambda test_id: Markup('{}="{}"').format(attribute, name(test_id))


def _same_name(name: str) -> str:
    return name


def _redesigned_name(name: str) -> str:
    return "x" + hashlib.sha256(name.encode()).hexdigest()[:7]
