"""Message attributes: the names that limiter and scraper give, and how one is written, read and counted."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from huntaze_scraper.queues.limits import MAX_ATTRIBUTES

type Attributes = Mapping[str, Mapping[str, Any]]
"""As SendMessage takes them."""

ADDED = ("rate_limit_timestamp", "tokens_remaining", "rate_limiter_version")
"""What the limiter adds to each message (requirement 2.4); an original attribute of such a name gives way."""

ADDED_BYTES = 256
"""More than the added attributes ever take."""

REPLAY = "replay"
"""Marks a message that was sent again on purpose, so that it is not taken for a copy."""

REASON, ERROR_CLASS, STATUS, RESULT_KEY = REASONS = ("reason", "error_class", "status", "result_key")
"""By which limiter and scraper say why they set a message aside."""

PRODUCERS = "producer_attributes"
"""Holds, as JSON, what of a dead letter's own attributes bears one of those names or finds no room beside them."""

_NOT_ALLOWED = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(value: str) -> dict[str, Any]:
    """Write a text; what SQS takes in none becomes a question mark."""
    return {"DataType": "String", "StringValue": _NOT_ALLOWED.sub("?", value)}


def number(value: float) -> dict[str, Any]:
    """Write a number."""
    return {"DataType": "Number", "StringValue": str(value)}


def text_of(attributes: Attributes, name: str) -> str:
    """Return an attribute's text; empty where it is binary or not there."""
    return str(attributes.get(name, {}).get("StringValue", ""))


def with_reasons(original: Attributes, reasons: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    """Add why a message is set aside; nothing of the original is lost, as ``without_reasons`` shows."""
    why = {name: text(each) for name, each in reasons.items()}
    kept = {name: each for name, each in original.items() if name not in (*REASONS, PRODUCERS)}
    displaced = {name: each for name, each in original.items() if name not in kept}
    while len(why) + len(kept) + bool(displaced) > MAX_ATTRIBUTES:
        name, each = kept.popitem()
        displaced[name] = each
    return why | kept | ({PRODUCERS: text(json.dumps(displaced, default=_base64))} if displaced else {})


def without_reasons(attributes: Attributes) -> dict[str, Mapping[str, Any]]:
    """Return a dead letter's attributes as they were before it was set aside; SQS, which moves some, adds none."""
    if ERROR_CLASS not in attributes:
        return dict(attributes)
    kept = {name: each for name, each in attributes.items() if name not in (*REASONS, PRODUCERS)}
    displaced: dict[str, Mapping[str, Any]] = json.loads(
        text_of(attributes, PRODUCERS) or "{}", object_hook=_from_base64
    )
    return kept | displaced


def as_sent(attributes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return received attributes as SendMessage takes them."""
    kept = ("DataType", "StringValue", "BinaryValue")
    return {name: {key: each[key] for key in kept if key in each} for name, each in attributes.items()}


def size(attributes: Attributes) -> int:
    """Return their bytes as SQS counts them: each name, type and value."""
    return sum(_size(name, each) for name, each in attributes.items())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _from_base64(value: dict[str, Any]) -> dict[str, Any]:
    held = value.get("BinaryValue")
    return {**value, "BinaryValue": base64.b64decode(held)} if isinstance(held, str) else value


def _size(name: str, value: Mapping[str, Any]) -> int:
    content = value["BinaryValue"] if "BinaryValue" in value else value["StringValue"].encode()
    return len(name.encode()) + len(value["DataType"].encode()) + len(content)
