"""The fault ``log_in_form``: the session is over, and only a page's script says so."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.added import with_markup
from fake_onlyfans.faults.fault import Fault, InvalidRule, check_seconds
from fake_onlyfans.faults.unanswered import read_all
from fake_onlyfans.identity import SESSION_COOKIE, cookie, session_account
from fake_onlyfans.refusals import refusal
from fake_onlyfans.site import site_of

type Shown = Literal["over", "instead", "address"]

FORM = (
    '<form data-testid="login-form"><input name="username" placeholder="Username">'
    '<input name="password" type="password" placeholder="Password"><button type="submit">Sign in</button></form>'
)
SCRIPTS: dict[str, str] = {
    "over": "const over = document.createElement('div'); over.innerHTML = form; document.body.append(over);"
    "over.style = 'position:fixed;inset:0;background:#fffe;z-index:9;display:grid;place-items:center';",
    "instead": "document.body.innerHTML = form;",
    "address": "location.replace('/login');",
}


@dataclass(frozen=True, kw_only=True)
class LogInForm(Fault):
    """From this request on the account's sessions are over: pages come as ever, and after ``seconds`` ask for a log-in.

    ``shown`` says how: "over" the page, "instead" of it, or at the "address" of the log-in. The API and media answer
    with ``status``. Whoever signs in anew is signed in.
    """

    kind: ClassVar[str] = "log_in_form"
    shown: Shown = "over"
    seconds: float = 0.0
    status: int = 403

    def check(self) -> None:
        """Refuse another way to show it."""
        check_seconds("seconds", self.seconds)
        if self.shown not in get_args(Shown.__value__):
            raise InvalidRule(f'"shown" is {self.shown!r}; allowed: {", ".join(get_args(Shown.__value__))}')
        if not isinstance(self.status, int) or self.status not in range(400, 500):
            raise InvalidRule(f'"status" is {self.status!r}; allowed: 400 to 499')

    def can_hit(self, scope: Scope) -> bool:
        """Only a session that still holds can be over."""
        site = site_of(scope)
        return session_account(scope, site) is not None and cookie(scope, SESSION_COOKIE) not in site.over

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def end_quietly(scope: Scope, receive: Receive, send: Send) -> None:
            site = site_of(scope)
            account = session_account(scope, site) or ""
            site.over.update(dict.fromkeys(site.sessions.tokens(account), self))
            await app(scope, receive, send)

        return end_quietly

    @property
    def markup(self) -> str:
        """The script that asks for a log-in."""
        show = f"const form = `{FORM}`; {SCRIPTS[self.shown]}"
        return f"<script>setTimeout(() => {{ {show} }}, {round(self.seconds * 1000)})</script>"


class LogInFormGate:
    """Treats sessions that are over as their fault says."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of ``app``."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the pages pass, with a script; refuse all else."""
        fault = site_of(scope).over.get(cookie(scope, SESSION_COOKIE) or "")
        if fault is None or scope["path"].startswith(("/login", "/api/login")):
            await self.app(scope, receive, send)
        elif scope["path"].startswith(("/api/", "/media/")):
            await read_all(receive)
            await refusal(scope, fault.status, "forbidden")(scope, receive, send)
        else:
            await with_markup(self.app, fault.markup)(scope, receive, send)
