"""Takes secrets out of files that are kept: those that are known by their value, and those that are known by their place."""

import re
import zipfile
from collections.abc import Collection
from pathlib import Path

from huntaze_scraper.telemetry.redaction import REDACTED, SECRET_FIELD, Redactor

_PLACES = re.compile(
    r"(?P<kept>"
    r"\b(?:set-)?cookie\b[\"']?\s*[:=]\s*[\"']?"  # as a header
    r"|\b(?:authorization|x-api-key|x-amz-security-token)\b[\"']?\s*[:=]\s*[\"']?"
    r"|\b(?:code|password|passwd|totp_secret|api_key)=[\"']?(?!\[|None\b)"  # as forms send them, and as Python shows objects
    r")(?P<secret>[^\s\"'&<][^\"'\r\n&<]*)",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"(?P<quote>\\*[\"'])"  # JSON that stands in JSON has backslashes before its quotes
    r"(?:name(?P=quote)\s*:\s*(?P=quote)(?P<header>[\w-]+)(?P=quote)\s*,\s*(?P=quote)value|(?P<name>[\w-]+))"
    r"(?P=quote)\s*:\s*(?P<opening>\\*[\"'])"
)
"""A field as JSON and Python write it, and a header as HAR does, up to where its value begins."""
_TOLD = re.compile(r"message_?content$|(id|arn|name|^code)$", re.IGNORECASE)
"""Not secret here: the texts of tests, what names a secret, and codes of errors (one-time codes are learnt)."""
_KEY_IDS = re.compile(r"\b[AL]SIA[A-Z0-9]{12,}\b")
_COOKIE_VALUES = re.compile(
    r"(?:set-cookie\b[^\r\n]*?value|cookie\b)\"?\s*[:=]\s*\"?[\w-]+=([\w.~+/%-]{12,})", re.IGNORECASE
)
_TYPED_CODES = re.compile(r"\"selector\":\"[^\"]*\bname=code\b[^\"]*\"[^}]*?\"value\":\"([^\"]+)\"")
"""One-time codes as a trace has them: what was typed into the field of that name."""
BUNDLE_PREFIX = "incident-"
"""Of the names of incidents' bundles, which are redacted by stricter rules of their own, and would not be read again."""
_BINARY = frozenset({".png", ".jpeg", ".jpg", ".woff2", ".mp4"})


def redact_folder(folder: Path, secrets: Collection[str]) -> None:
    """Rewrite every file of the folder without the secrets."""
    redactor = Redactor()
    redactor.learn(*secrets)
    for file in sorted(it for it in folder.rglob("*") if it.is_file() and not it.name.startswith(BUNDLE_PREFIX)):
        if file.suffix == ".zip":
            _redact_zip(file, redactor)
        elif file.suffix not in _BINARY:
            file.write_bytes(redact(file.read_bytes(), redactor))


def redact(content: bytes, redactor: Redactor) -> bytes:
    """Return text without secrets; its bytes that are no text stay as they are."""
    text = content.decode(errors="surrogateescape")
    redactor.learn(*_COOKIE_VALUES.findall(text), *_TYPED_CODES.findall(text))
    text = _PLACES.sub(rf"\g<kept>{REDACTED}", _without_fields(redactor.text(text)))
    return _KEY_IDS.sub(REDACTED, text).encode(errors="surrogateescape")


def _without_fields(text: str) -> str:
    """Return text without the values of fields whose names tell that they are secret."""
    kept: list[str] = []
    done = 0
    for field in _FIELD.finditer(text):
        name, start = field["header"] or field["name"], field.end()
        if start > done and SECRET_FIELD.search(name) and not _TOLD.search(name):
            end = _closing(text, start, field["opening"])
            kept += (text[done:start], REDACTED if start < end else "")
            done = end
    return "".join((*kept, text[done:]))


def _closing(text: str, start: int, opening: str) -> int:
    """Return where the string ends that was so opened: each JSON around doubles the backslashes before a quote within."""
    slashes = len(opening) - 1
    for quote in re.compile(rf"(\\*){opening[-1]}|[\r\n]").finditer(text, start):
        if quote[1] is None:
            return quote.start()
        more = len(quote[1]) - slashes
        if more >= 0 and more % (2 * slashes + 2) == 0:
            return quote.end() - len(opening)
    return len(text)


def _redact_zip(file: Path, redactor: Redactor) -> None:
    """Rewrite what a zip, such as a trace, holds; its logs first, which tell cookies and codes."""
    fresh = file.with_suffix(".partial")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda it: not it.endswith((".network", ".trace"))):
            content = old.read(name)
            new.writestr(name, content if Path(name).suffix in _BINARY else redact(content, redactor))
    fresh.replace(file)
