"""The fields that Insights discovers in a log event."""

import json
import re
from typing import Any

from localprocs.logs.insights.values import Moment, Row

MOST_FIELDS = 200
"""Of a document; Insights discovers no more."""
_PLATFORM = re.compile(r"(START|END|REPORT) RequestId: (\S+)")
_MEASURES = re.compile(
    r"(?:\A|\t)(Billed Duration|Init Duration|Duration|Memory Size|Max Memory Used): ([\d.]+) (ms|MB)"
)
_NAMES = {
    "Billed Duration": "@billedDuration",
    "Init Duration": "@initDuration",
    "Duration": "@duration",
    "Memory Size": "@memorySize",
    "Max Memory Used": "@maxMemoryUsed",
}
BYTES_OF_A_MEGABYTE = 1_000_000


def row_of(message: str, *, at: float, stream: str, group: str, account: str, ptr: Any, ingested: float = 0.0) -> Row:
    """Return an event's fields; times are milliseconds since the epoch."""
    return {
        **_document(message),
        **_platform(message),
        "@timestamp": Moment(at),
        "@ingestionTime": Moment(ingested or at),
        "@message": message,
        "@logStream": stream,
        "@log": f"{account}:{group}",
        "@ptr": ptr,
    }


def _document(message: str) -> Row:
    begin = message.find("{")
    if begin < 0:
        return {}
    try:
        document, _ = json.JSONDecoder().raw_decode(message, begin)
    except ValueError:
        return {}
    found: Row = {}
    _flatten(document, "", found)
    return found


def _flatten(value: Any, path: str, found: Row) -> None:
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            _flatten(inner, f"{path}.{name}" if path else str(name), found)
    elif value is not None and len(found) < MOST_FIELDS:
        found[path] = value


def _platform(message: str) -> Row:
    kind = _PLATFORM.match(message)
    if not kind:
        return {}
    measures = {
        _NAMES[name]: float(value) * (BYTES_OF_A_MEGABYTE if unit == "MB" else 1)
        for name, value, unit in _MEASURES.findall(message)
    }
    return {"@type": kind[1], "@requestId": kind[2], **measures}
