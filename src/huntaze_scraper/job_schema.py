"""The job's schema, and in a producer's words what a payload lacks of it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import fastjsonschema

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE | re.ASCII)
_TYPES = {"string": "a string", "object": "a JSON object", "array": "a list"}


def is_valid(payload: Mapping[str, Any]) -> bool:
    """Tell whether a payload is a job, by ``schemas/job.json``."""
    try:
        _compiled()(payload)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


def faults(payload: Mapping[str, Any]) -> Iterator[str]:
    """Tell all that is missing and what is wrong: names of the schema and its rules, never the payload's words."""
    missing = [name for name in _required(payload.get("action")) if name not in payload]
    either = [name for choice in _schema()["anyOf"] for name in choice["required"]]
    if not any(name in payload or name in missing for name in either):
        missing.append(" or ".join(either))
    if missing:
        yield f"{', '.join(missing)} missing"
    for name, check in _properties().items():
        if name in payload:
            try:
                check({name: payload[name]})
            except fastjsonschema.JsonSchemaValueException as error:
                yield f"{str(error.name).removeprefix('data.')} must {_rule(error)}"


def names() -> frozenset[str]:
    """Return the names that may be told: those that the schema knows."""
    properties = _schema()["properties"]
    return frozenset({*properties, *properties["metadata"]["properties"]})


def _required(action: object) -> Iterator[str]:
    yield from _schema()["required"]
    for clause in _schema()["allOf"]:
        if clause["if"]["properties"]["action"]["const"] == action:
            yield from clause["then"]["required"]


def _rule(error: fastjsonschema.JsonSchemaValueException) -> str:
    limit: Any = error.rule_definition
    match error.rule:
        case "type":
            return f"be {_TYPES[limit]}"
        case "enum":
            return f"be one of {', '.join(limit)}"
        case "pattern":
            return f"be {error.definition['description']}"
        case "format":
            return "be a date and time of ISO 8601 with its zone, such as 2026-01-31T12:00:00Z"
        case "maxLength":
            return f"have at most {limit} characters"
        case _:
            return f"have {error.definition['minItems']} to {error.definition['maxItems']} entries"


def _is_date_time(text: str) -> bool:
    with suppress(ValueError):
        return bool(_DATE_TIME.fullmatch(text) and datetime.fromisoformat(text.upper()))
    return False


@cache
def _schema() -> Any:
    return json.loads(files("huntaze_scraper").joinpath("schemas/job.json").read_text())


@cache
def _compiled() -> Callable[[object], object]:
    return _compile(_schema())


@cache
def _properties() -> dict[str, Callable[[object], object]]:
    definitions = _schema()["definitions"]
    return {
        name: _compile({"properties": {name: each}, "definitions": definitions})
        for name, each in _schema()["properties"].items()
    }


def _compile(schema: Any) -> Callable[[object], object]:
    # What it compiles it also changes: it writes references out.
    compiled: Callable[[object], object] = fastjsonschema.compile(
        deepcopy(schema), formats={"date-time": _is_date_time}
    )
    return compiled
