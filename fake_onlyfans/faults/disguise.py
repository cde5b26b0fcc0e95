"""The fault ``disguise``: the answer is not what it says, or not all of it."""

import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault, InvalidRule
from fake_onlyfans.faults.rewriting import answer_of, give, headers_of

ENCODED: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
}


@dataclass(frozen=True, kw_only=True)
class Disguise(Fault):
    """Give the site's own answer another ``status``, ``content_type`` or ``encoding``, or no ``body``.

    gzip and deflate are done; of any other encoding only the header says so. An empty ``content_type`` is none.
    """

    kind: ClassVar[str] = "disguise"
    status: int | None = None
    content_type: str | None = None
    encoding: str | None = None
    body: str | None = None

    def check(self) -> None:
        """Refuse a status without meaning, and headers that cannot be sent."""
        if self.status is not None and (not isinstance(self.status, int) or self.status not in range(200, 600)):
            raise InvalidRule(f'"status" is {self.status!r}; allowed: 200 to 599')
        for name, value in (("content_type", self.content_type), ("encoding", self.encoding)):
            if value is not None and (not isinstance(value, str) or not re.fullmatch(r"[ -~]*", value)):
                raise InvalidRule(f'"{name}" is {value!r}; allowed: a text of printable ASCII')
        if self.body is not None and not isinstance(self.body, str):
            raise InvalidRule(f'"body" is {self.body!r}; allowed: a text')

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def disguised(scope: Scope, receive: Receive, send: Send) -> None:
            start, body = await answer_of(app, scope, receive)
            headers = headers_of(start)
            start["status"] = self.status or start["status"]
            if self.content_type is not None:
                headers["content-type"] = self.content_type
            if not headers.get("content-type"):
                del headers["content-type"]
            body = body if self.body is None else self.body.encode()
            if self.encoding is not None:
                headers["content-encoding"] = self.encoding
                body = ENCODED.get(self.encoding, bytes)(body)
            await give(send, start, body)

        return disguised
