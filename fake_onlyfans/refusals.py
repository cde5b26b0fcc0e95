"""Short answers that say no: JSON for programs, a small page for people."""

from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from fake_onlyfans.rendering import render

FOR_PROGRAMS = ("/api/", "/media/")


def is_for_programs(path: str) -> bool:
    """Say whether a path is asked for by scripts rather than opened as a page."""
    return path.startswith(FOR_PROGRAMS)


def refusal(scope: Scope, status: int, reason: str) -> Response:
    """Refuse a request in the form that fits its path."""
    if is_for_programs(scope["path"]):
        return JSONResponse({"error": reason.lower().replace(" ", "_")}, status)
    return render(scope, "refusal.html", status_code=status, status=status, reason=reason)
