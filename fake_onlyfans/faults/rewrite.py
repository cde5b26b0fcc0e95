"""The fault ``rewrite``: the site keeps a text in its own spelling."""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from typing import ClassVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault, InvalidRule

FORMS = ("NFC", "NFD", "NFKC", "NFKD")


@dataclass(frozen=True, kw_only=True)
class Rewrite(Fault):
    """Keep another text than was written: each of the ``replacements``, pairs of a pattern and what stands for it.

    ``normalise`` is a Unicode normal form that the text is brought into first. The answer tells the text as it is kept.
    """

    kind: ClassVar[str] = "rewrite"
    replacements: list[list[str]] = field(default_factory=list)
    normalise: str | None = None

    def check(self) -> None:
        """Refuse what are no pairs of texts, and no patterns."""
        check_replacements(self.replacements)
        if self.normalise is not None and self.normalise not in FORMS:
            raise InvalidRule(f'"normalise" is {self.normalise!r}; allowed: {", ".join(FORMS)}')

    def can_hit(self, scope: Scope) -> bool:
        """Only what is written can be rewritten."""
        return bool(scope["method"] == "POST")

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def rewritten(scope: Scope, receive: Receive, send: Send) -> None:
            body = b""

            async def receive_other() -> Message:
                nonlocal body
                message = await receive()
                body += message.get("body", b"")
                if message["type"] != "http.request" or message.get("more_body", False):
                    return {**message, "body": b""} if message["type"] == "http.request" else message
                return {**message, "body": self._other(body)}

            await app(scope, receive_other, send)

        return rewritten

    def _other(self, body: bytes) -> bytes:
        try:
            written = json.loads(body)
            text = written["text"]
        except (ValueError, KeyError, TypeError):
            return body
        return json.dumps(written | {"text": self._kept(text)}).encode() if isinstance(text, str) else body

    def _kept(self, text: str) -> str:
        if self.normalise:
            text = unicodedata.normalize(self.normalise, text)  # type: ignore[arg-type] # one of FORMS
        for pattern, replacement in self.replacements:
            text = re.sub(pattern, replacement, text)
        return text


def check_replacements(value: object) -> None:
    """Refuse what is no list of pairs: a pattern, and what stands for it."""
    if not isinstance(value, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)  # noqa: PLR2004
        for pair in value
    ):
        raise InvalidRule(f'"replacements" is {value!r}; allowed: a list of pairs of texts')
    for pattern, _ in value:
        try:
            re.compile(pattern)
        except re.error as error:
            raise InvalidRule(f'"replacements": {pattern!r} is no pattern: {error}') from None
