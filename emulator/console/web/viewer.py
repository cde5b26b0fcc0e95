"""Playwright's own viewer of traces, at an origin of its own: what a site's page did is shown there, far from our buttons."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import playwright
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.console.reading import traces
from emulator.console.web.guard import Guard

VIEWER = Path(playwright.__file__).parent / "driver" / "package" / "lib" / "vite" / "traceViewer"
HEADERS: Mapping[str, str] = {
    # A recorded page is drawn from the trace alone: nothing is fetched from the site, nor sent anywhere.
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' data: blob:; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_viewer() -> Starlette:
    """Return the application: the viewer as Playwright ships it, and the traces that were kept."""
    kept = traces.folder()
    kept.mkdir(parents=True, exist_ok=True)
    return Starlette(
        routes=[Mount("/traces", StaticFiles(directory=kept)), Mount("/", StaticFiles(directory=VIEWER, html=True))],
        middleware=[Middleware(Guard, hardening=HEADERS)],
    )


def at_port(port: int, there: ASGIApp, elsewhere: ASGIApp) -> ASGIApp:
    """Return what answers as the one application at its port, and as the other at any other."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await (there if scope["server"][1] == port else elsewhere)(scope, receive, send)

    return answer


def address(origin: str, file: Path) -> str:
    """Return where the viewer shows that trace."""
    trace = f"{origin}/traces/{file.relative_to(traces.folder())}"
    return f"{origin}/index.html?{urlencode({'trace': trace})}"
