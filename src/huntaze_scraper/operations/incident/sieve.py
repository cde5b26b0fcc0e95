"""The last look before a bundle is written: what looks like a secret, or was to be replaced, is refused."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from huntaze_scraper.operations.incident import vocabulary
from huntaze_scraper.operations.incident.errors import SecretSeen
from huntaze_scraper.telemetry.redaction import SECRET_FIELD, SHORTEST_SECRET, Redactor

SECRETS: Mapping[str, re.Pattern[str]] = {
    "an AWS key": re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}"),
    "a token of JSON": re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]+-----"),
    "a second factor's secret": re.compile(r"otpauth://", re.IGNORECASE),
    "a bearer's token": re.compile(r"\b(?:bearer|basic)\s+[\w+/=.-]{8,}", re.IGNORECASE),
    "a password in an address": re.compile(r"://[^/\s:@]+:[^/\s@]+@"),
    "a key and its value": re.compile(
        r"(?:pass(?:word|wd)|secret|api[_-]?key|authorization|cookie|session)[\"']?\s*[:=]\s*\S{4,}", re.IGNORECASE
    ),
}
_DENSE = re.compile(r"[A-Za-z0-9+/_=-]{28,}")
MASK = "{secret}"
_HARMLESS_FIELDS = frozenset({"message_content", "tokens", "tokens_remaining"})


def refuse(documents: Iterable[Any], replaced: Iterable[str], made: frozenset[str]) -> None:
    """Look at every text in the documents.

    Args:
        documents: what is to be written, as JSON has it.
        replaced: the names and texts that were given others.
        made: those others, which may look like what they stand for.

    Raises:
        SecretSeen: one of them says what must not be told. Nothing of it is repeated.
    """
    known = Redactor()
    known.learn(*(it for it in replaced if _tells(it)))
    seen: set[str] = set()
    for where, text in (found for document in documents for found in _texts("", document)):
        if text in seen:
            continue
        seen.add(text)
        if text not in made and (what := _secret(text)):
            raise SecretSeen(f"nothing was written: {where or 'a text'} looks like {what}; report it, with this line")
        if known.text(text) != text:
            raise SecretSeen(
                f"nothing was written: {where or 'a text'} repeats a name or a text that was replaced elsewhere; "
                "report it, with this line"
            )


def masked(text: str) -> str:
    """Return the text without what looks like a secret in it: what somebody repeats of a stranger must stop no capture."""
    for pattern in SECRETS.values():
        text = pattern.sub(MASK, text)
    return _DENSE.sub(lambda run: MASK if _is_key(run[0]) else run[0], text)


def _tells(text: str) -> bool:
    """Tell whether a text is more than words that our own programs say."""
    words = vocabulary.WORD.findall(text)
    return len(text) >= SHORTEST_SECRET and not (words and {it.lower() for it in words} <= vocabulary.words())


def _secret(text: str) -> str:
    for what, pattern in SECRETS.items():
        if pattern.search(text):
            return what
    return "a key" if any(map(_is_key, _DENSE.findall(text))) else ""


def _is_key(run: str) -> bool:
    return any(it.isupper() for it in run) and any(it.islower() for it in run) and any(it.isdigit() for it in run)


def _texts(where: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield "a field's name", str(name)
            if SECRET_FIELD.search(str(name)) and name not in _HARMLESS_FIELDS and isinstance(each, str):
                raise SecretSeen(
                    f"nothing was written: {where}.{name} is a field for secrets; report it, with this line"
                )
            yield from _texts(str(name), each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(where, each)
