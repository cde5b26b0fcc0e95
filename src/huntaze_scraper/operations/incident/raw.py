"""What was found of an incident, as its sources have it: with every name and text, and so never written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from huntaze_scraper.operations.incident.bundle import Queue, Verb


def number(value: Any) -> float:
    """Return a number; 0 for whatever is none: items and lines may hold anything."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


type Source = Literal["limiter", "scraper"]


@dataclass(frozen=True, kw_only=True, repr=False)
class RawLine:
    """A log line; moments are seconds since the epoch, here and below."""

    at: float
    source: Source
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, repr=False)
class RawMessage:
    """A message that lies somewhere, with its body."""

    at: float
    queue: Queue
    message_id: str
    body: str
    attributes: Mapping[str, Any]
    account: str = ""


@dataclass(frozen=True, kw_only=True, repr=False)
class RawItem:
    """An item of the state table, or of the line."""

    table: Literal["state", "line"]
    key: str
    sort: str = ""
    item: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RawStep:
    """Something that happened around."""

    at: float
    verb: Verb
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RawReading:
    """A metric's value."""

    at: float
    metric: str
    queue: Queue
    value: float


@dataclass(frozen=True, kw_only=True)
class RawChange:
    """An alarm's change."""

    at: float
    alarm: str
    before: str
    after: str


@dataclass(kw_only=True, repr=False)
class Raw:
    """All of it."""

    asked: Mapping[str, str]
    begin: float
    end: float
    captured_at: float
    lines: list[RawLine] = field(default_factory=list)
    messages: list[RawMessage] = field(default_factory=list)
    items: list[RawItem] = field(default_factory=list)
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By job id."""
    steps: list[RawStep] = field(default_factory=list)
    changes: list[RawChange] = field(default_factory=list)
    readings: list[RawReading] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Why, by what."""
