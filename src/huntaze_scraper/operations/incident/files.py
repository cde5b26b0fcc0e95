"""The files of a bundle: which record each holds, and their schemas."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import fastjsonschema

from huntaze_scraper.operations.incident.bundle import Answer, Happening, Line, Reading, SentJob, StateItem, Verb


def _happening(verb: str, **fields: Any) -> Happening:
    return Happening(verb=Verb(verb), **fields)


DOCUMENTS: Mapping[str, str] = {"manifest.json": "manifest", "expected.json": "expected", "spans.json": "spans"}
"""Files that hold one JSON object, with their schemas."""
TABLES: Mapping[str, tuple[str, str, Callable[..., Any]]] = {
    "jobs.jsonl": ("job", "jobs", SentJob),
    "state.jsonl": ("state", "state", StateItem),
    "answers.jsonl": ("answer", "answers", Answer),
    "script.jsonl": ("script", "script", _happening),
    "lines.jsonl": ("line", "lines", Line),
    "metrics.jsonl": ("metric", "metrics", Reading),
}
"""Files of one JSON object a line: their schema, the bundle's field, the record."""
PAGE = "timeline.html"
"""The bundle as a page for people, where its maker could draw one. Nobody reads it but a browser."""
NAMES = frozenset({*DOCUMENTS, *TABLES})

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def faults(schema: str, value: object) -> str:
    """Say in a few words what a value lacks of the schema; empty where nothing. Repeats nothing of the value."""
    try:
        _compiled(schema)(value)
    except fastjsonschema.JsonSchemaValueException as error:
        rule = error.rule_definition if isinstance(error.rule_definition, str | int | list) else ""
        return f"{error.name} breaks the rule {error.rule} {json.dumps(rule)}"
    return ""


def schema_of(name: str) -> dict[str, Any]:
    """Return a schema as it ships."""
    text = files("huntaze_scraper").joinpath(f"schemas/incident/{name}.json").read_text()
    return dict(json.loads(text))


@cache
def _compiled(name: str) -> Callable[[object], object]:
    compiled: Callable[[object], object] = fastjsonschema.compile(
        schema_of(name), formats={"date-time": _is_moment}, use_default=False
    )
    return compiled


def _is_moment(text: str) -> bool:
    with suppress(ValueError):
        return bool(_MOMENT.fullmatch(text) and datetime.fromisoformat(text))
    return False
