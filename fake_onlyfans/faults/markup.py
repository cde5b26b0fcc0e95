"""The fault ``markup``: an element of a page is something else, or is not there."""

import re
from dataclasses import dataclass
from typing import ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault, InvalidRule
from fake_onlyfans.faults.rewriting import answer_of, give, headers_of


@dataclass(frozen=True, kw_only=True)
class Markup(Fault):
    """Show ``html`` where the element with the test id ``element`` stands; empty, the page lacks it."""

    kind: ClassVar[str] = "markup"
    element: str
    html: str = ""

    def check(self) -> None:
        """Refuse what is no test id, and what is no text."""
        if not isinstance(self.element, str) or not re.fullmatch(r"[a-z-]+", self.element):
            raise InvalidRule(f'"element" is {self.element!r}; allowed: a test id, such as "profile-bio"')
        if not isinstance(self.html, str):
            raise InvalidRule(f'"html" is {self.html!r}; allowed: a text')

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""
        element = re.compile(rf'<(\w+)[^>]*data-testid="{self.element}"[^>]*>.*?</\1>', re.DOTALL)

        async def remade(scope: Scope, receive: Receive, send: Send) -> None:
            start, body = await answer_of(app, scope, receive)
            if headers_of(start).get("content-type", "").startswith("text/html"):
                body = element.sub(lambda _: self.html, body.decode()).encode()
            await give(send, start, body)

        return remade
