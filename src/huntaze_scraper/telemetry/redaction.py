"""Keeps secrets out of whatever is written: by the name of a field, and by the value itself."""

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import quote

REDACTED = "[redacted]"
SHORTEST_SECRET = 6
"""Shorter values are known only by their field's name: replacing them everywhere would eat ordinary text."""

_MOST_SECRETS = 10_000
_SECRET_FIELD = re.compile(
    r"pass(word|wd)|secret|token|cookie|authori[sz]ation|api_?key|storage_state|receipt_handle|message_content|^code$",
    re.IGNORECASE,
)


class Redactor:
    """Replaces every secret that it was told of, as it stands or as JSON or a URL spells it."""

    def __init__(self) -> None:
        """Know no secret yet."""
        self._spellings: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def learn(self, *secrets: str | None) -> None:
        """Remember secrets; the oldest are forgotten after ten thousand."""
        with self._lock:
            for secret in secrets:
                if secret is None or len(secret) < SHORTEST_SECRET:
                    continue
                for spelling in {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), repr(secret)[1:-1]}:
                    self._spellings[spelling] = None
                    self._spellings.move_to_end(spelling)
            while len(self._spellings) > _MOST_SECRETS:
                self._spellings.popitem(last=False)

    def text(self, text: str) -> str:
        """Return the text without any secret that was learnt."""
        with self._lock:
            found = [spelling for spelling in self._spellings if spelling in text]
        for spelling in sorted(found, key=len, reverse=True):
            text = text.replace(spelling, REDACTED)
        return text

    def value(self, value: Any) -> Any:
        """Return a copy of a JSON-like value without secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(name)): REDACTED if _SECRET_FIELD.search(str(name)) else self.value(each)
                for name, each in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(each) for each in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Redact a log line, as the last processor before it is written."""
        redacted: dict[str, Any] = self.value(event)
        return redacted
