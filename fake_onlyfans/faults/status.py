"""The fault ``status``: another status, headers and body than the site would give."""

import json
import re
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault, InvalidRule, When, check_seconds, check_when
from fake_onlyfans.faults.unanswered import act_silently, read_all
from fake_onlyfans.refusals import refusal
from fake_onlyfans.site import site_of

STATUSES = range(200, 600)
WITHOUT_BODY = (204, 205, 304)


@dataclass(frozen=True, kw_only=True)
class Status(Fault):
    """Answer with ``status``.

    ``retry_after`` becomes the header: seconds, or a text as it stands; ``retry_after_date`` becomes the date so many
    seconds from now. ``body`` is a text or a JSON value. ``when`` "after" lets the site act on the request first.
    """

    kind: ClassVar[str] = "status"
    status: int
    retry_after: float | str | None = None
    retry_after_date: float | None = None
    body: Any = None
    headers: dict[str, str] | None = None
    when: When = "before"

    def check(self) -> None:
        """Refuse a status that HTTP does not have, and headers that are not texts."""
        if not isinstance(self.status, int) or self.status not in STATUSES:
            raise InvalidRule(f'"status" is {self.status!r}; allowed: 200 to 599')
        if isinstance(self.retry_after, str):
            _check_header("retry_after", self.retry_after)
        elif self.retry_after is not None:
            check_seconds("retry_after", self.retry_after)
        if self.retry_after_date is not None:
            check_seconds("retry_after_date", self.retry_after_date)
        if self.headers is not None:
            if not isinstance(self.headers, dict):
                raise InvalidRule(f'"headers" is {self.headers!r}; allowed: an object of texts')
            for name, value in self.headers.items():
                _check_header("headers", value)
                if not re.fullmatch(r"[A-Za-z0-9-]+", name):
                    raise InvalidRule(f'"headers" is {self.headers!r}; allowed: names of letters, digits and -')
        check_when(self.when)

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def answer_otherwise(scope: Scope, receive: Receive, send: Send) -> None:
            await (read_all(receive) if self.when == "before" else act_silently(app, scope, receive))
            await self._response(scope)(scope, receive, send)

        return answer_otherwise

    def _response(self, scope: Scope) -> Response:
        if self.status in WITHOUT_BODY:
            response = Response(status_code=self.status)
        elif self.body is None:
            response = refusal(scope, self.status, _phrase(self.status))
        elif isinstance(self.body, str):
            response = Response(self.body, self.status, media_type="text/html")
        else:
            response = Response(json.dumps(self.body), self.status, media_type="application/json")
        response.headers.update(self.headers or {})
        if self.retry_after is not None:
            response.headers["retry-after"] = str(self.retry_after)
        if self.retry_after_date is not None:
            response.headers["retry-after"] = formatdate(site_of(scope).now() + self.retry_after_date, usegmt=True)
        return response


def _check_header(name: str, value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"[ -~]*", value):
        raise InvalidRule(f'"{name}" is {value!r}; allowed: a text of printable ASCII')


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
