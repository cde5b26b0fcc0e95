"""Keeps secrets out of whatever is written: by the name of a field, and by the value itself."""

import re
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from huntaze_scraper.telemetry.needles import Needles
from huntaze_scraper.telemetry.spellings import layers, unpacked

REDACTED = "[redacted]"
SHORTEST_SECRET = 6
"""In characters. What is shorter is known only by its field's name: replaced everywhere, it would eat ordinary text."""
MOST_PACKED = 3
"""So often base64 or hexadecimal is looked into that stands in such."""

SECRET_FIELD = re.compile(
    r"pass(word|wd)|secret|token|cookie|authori[sz]ation|api[_-]?key|storage_?state|receipt_?handle|message_?content|^code$",
    re.IGNORECASE,
)
"""The names of fields whose values are never written."""


class Redactor:
    """Replaces every secret that it was told of, however it is spelt.

    Undone are the escapes of JSON, JavaScript, Python and HTML, percent signs, base64 and hexadecimal, in any order, and
    quoted-printable around them. Not
    compared are quotes, blanks, backslashes and plus signs, nor how Unicode composes a letter.
    """

    def __init__(self) -> None:
        """Know no secret yet."""
        self._needles = Needles()
        self._lock = threading.Lock()

    def learn(self, *secrets: str | None) -> None:
        """Remember secrets; the oldest are forgotten after ten thousand."""
        with self._lock:
            for secret in secrets:
                if secret is not None and len(secret) >= SHORTEST_SECRET:
                    self._needles.add(secret)

    def text(self, text: str) -> str:
        """Return the text without any secret that was learnt."""
        with self._lock:
            spans = sorted(self._spans(text, MOST_PACKED))
        kept: list[str] = []
        done = 0
        for start, end in spans:
            if start >= done:
                kept += (text[done:start], REDACTED)
            done = max(done, end)
        return "".join((*kept, text[done:]))

    def value(self, value: Any) -> Any:
        """Return a copy of a JSON-like value without secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(name)): REDACTED if SECRET_FIELD.search(str(name)) else self.value(each)
                for name, each in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(each) for each in value]
        if value is None or isinstance(value, bool):
            return value
        told = self.text(str(value))
        return value if isinstance(value, int | float) and told == str(value) else told

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Redact a log line, as the last processor before it is written."""
        redacted: dict[str, Any] = self.value(event)
        return redacted

    def _spans(self, text: str, packed: int) -> Iterator[tuple[int, int]]:
        """Tell from where to where secrets stand in the text: in no order, and some more than once."""
        for layer in layers(text):
            for span in self._needles.found(layer.text):
                yield layer.span(*span)
            for held, *run in unpacked(layer.text) if packed else ():
                if any(self._spans(held, packed - 1)):
                    yield layer.span(*run)
