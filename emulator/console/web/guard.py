"""Who may ask: nobody but a browser at this machine's own address, and for a change only with the page's token."""

import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Mapping[str, str] = {
    # Nothing that a job or the site says can become a script, a style or an address: only our own files are taken.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LOCAL = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Refuses other hosts (a name that was bent to this address) and other origins, and hardens each answer."""

    def __init__(self, app: ASGIApp, hardening: Mapping[str, str] = HEADERS) -> None:
        """Stand before ``app``, and put these headers on each of its answers."""
        self._app = app
        self._hardening = hardening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if why := _why_not(headers, scope["method"]):
            await PlainTextResponse(f"{why}\n", 403)(scope, receive, send)
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._hardening)
            await send(message)

        await self._app(scope, receive, hardened)


def _why_not(headers: Headers, method: str) -> str:
    host = headers.get("host", "")
    if host.rpartition(":")[0] not in _LOCAL and host not in _LOCAL:
        return "this page is served at 127.0.0.1 and nowhere else: open the address that ./huntaze up prints"
    origin = headers.get("origin")
    if method not in ("GET", "HEAD") and origin is not None and origin != f"http://{host}":
        return "another site's page cannot change anything here"
    return ""


async def is_allowed(request: Request, token: str) -> bool:
    """Tell whether a request to change something brings the token, as a form's field or a header."""
    given = request.headers.get("x-control-token")
    if given is None:
        given = str((await request.form()).get("token", ""))
    return secrets.compare_digest(given.encode(), token.encode())
