"""How single values are told."""

from datetime import UTC, datetime
from typing import Any

from localprocs.ecs.model import Json


def moment(seconds: float | None) -> datetime | None:
    """Return a point in time as the API's serialiser takes it."""
    return None if seconds is None else datetime.fromtimestamp(round(seconds, 3), UTC)


def without_none(content: Json) -> Json:
    """Leave out what is not known."""
    return {key: value for key, value in content.items() if value is not None}


def as_event(content: Any) -> Any:
    """Write a description as an event's detail: moments as text."""
    if isinstance(content, dict):
        return {key: as_event(value) for key, value in content.items()}
    if isinstance(content, list):
        return [as_event(each) for each in content]
    if isinstance(content, datetime):
        return content.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return content
