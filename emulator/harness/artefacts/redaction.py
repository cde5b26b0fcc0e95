"""Takes secrets out of files that are kept: those that are known by their value, and those that are known by their place."""

import re
import zipfile
from collections.abc import Collection
from pathlib import Path

from huntaze_scraper.telemetry.redaction import REDACTED, Redactor

_PLACES = re.compile(
    r"(?P<kept>"
    r"\b(?:set-)?cookie\b(?:\"?,\s*\"value)?[\"']?\s*[:=]\s*[\"']?"  # as a header, as JSON, and as HAR has headers
    r"|\b(?:authorization|x-api-key|x-amz-security-token)\b(?:\"?,\s*\"value)?[\"']?\s*[:=]\s*[\"']?"
    r"|\b(?:code|password|passwd|totp_secret|api_key)=[\"']?(?!\[|None\b)"  # as forms send them, and as Python shows objects
    r"|[\"'](?:password|totp_secret|api_key|SecretAccessKey|SessionToken|Token|secret_access_key|receipt_handle|ReceiptHandle)[\"']"
    r"\s*:\s*[\"']"
    r")(?P<secret>[^\s\"'&<][^\"'\r\n&<]*)",
    re.IGNORECASE,
)
_KEY_IDS = re.compile(r"\b[AL]SIA[A-Z0-9]{12,}\b")
_COOKIE_VALUES = re.compile(
    r"(?:set-cookie\b[^\r\n]*?value|cookie\b)\"?\s*[:=]\s*\"?[\w-]+=([\w.~+/%-]{12,})", re.IGNORECASE
)
_TYPED_CODES = re.compile(r"\"selector\":\"[^\"]*\bname=code\b[^\"]*\"[^}]*?\"value\":\"([^\"]+)\"")
"""One-time codes as a trace has them: what was typed into the field of that name."""
_BINARY = frozenset({".png", ".jpeg", ".jpg", ".woff2", ".mp4"})


def redact_folder(folder: Path, secrets: Collection[str]) -> None:
    """Rewrite every file of the folder without the secrets."""
    redactor = Redactor()
    redactor.learn(*secrets)
    for file in sorted(it for it in folder.rglob("*") if it.is_file()):
        if file.suffix == ".zip":
            _redact_zip(file, redactor)
        elif file.suffix not in _BINARY:
            file.write_bytes(redact(file.read_bytes(), redactor))


def redact(content: bytes, redactor: Redactor) -> bytes:
    """Return text without secrets; its bytes that are no text stay as they are."""
    text = content.decode(errors="surrogateescape")
    redactor.learn(*_COOKIE_VALUES.findall(text), *_TYPED_CODES.findall(text))
    text = _PLACES.sub(rf"\g<kept>{REDACTED}", redactor.text(text))
    return _KEY_IDS.sub(REDACTED, text).encode(errors="surrogateescape")


def _redact_zip(file: Path, redactor: Redactor) -> None:
    """Rewrite what a zip, such as a trace, holds; its logs first, which tell cookies and codes."""
    fresh = file.with_suffix(".partial")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda it: not it.endswith((".network", ".trace"))):
            content = old.read(name)
            new.writestr(name, content if Path(name).suffix in _BINARY else redact(content, redactor))
    fresh.replace(file)
