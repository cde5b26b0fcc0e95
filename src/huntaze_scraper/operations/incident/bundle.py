"""A bundle: what is known of an incident, as records whose moments are seconds from its beginning, t0."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

FORMAT = 1
"""The version of the bundle's form. A reader refuses a later one."""

type Queue = Literal["ingress", "workflows", "ingress_dlq", "workflows_dlq"]


class Verb(StrEnum):
    """What happened around the jobs, as verbs that a replay carries out; a record's arguments stand beside it."""

    INTERRUPT_SPOT = "interrupt_spot"
    """``share`` of the Spot tasks, 0 to 1."""
    KILL_SCRAPER = "kill_scraper"
    """A task's process died by itself; ``exit_code`` where it is known."""
    KILL_BROWSER = "kill_browser"
    KILL_LIMITER = "kill_limiter"
    STOP_TASK = "stop_task"
    """A task was stopped as ECS stops it (SIGTERM); ``reason``, shortened to ECS's own words."""
    OUTAGE = "outage"
    """``service`` (dynamodb, s3, secretsmanager, sqs), ``kind`` (error, throttle, hang), ``seconds``."""
    DEPLOY = "deploy"
    """A new deployment of the service began."""
    SCALE = "scale"
    """The service's ``desired`` count of tasks changed."""


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that could not be captured."""

    what: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What the bundle is."""

    name: str
    t0: str
    """ISO 8601, UTC: before the first job was sent."""
    span_seconds: float
    """From t0 to the last that is told."""
    captured_at: str
    asked: Mapping[str, str]
    """What was to be captured: ``job``, ``creator``, ``alarm``, ``since``, ``until``."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the bundle's maker and of the deployed parts."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """``image``, ``limiter_code`` and ``template:STACK``, each SHA-256 as its owner writes it."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The limit as it was deployed, by its environment variables: RATE_LIMIT_CAPACITY and the like."""
    redactions: Mapping[str, int] = field(default_factory=dict)
    """How often each rule was applied."""
    missing: tuple[Missing, ...] = ()
    format: int = FORMAT


@dataclass(frozen=True, kw_only=True)
class SentJob:
    """A message as its queue had it."""

    at_seconds: float
    """When it was sent."""
    queue: Queue
    """``ingress`` for every job's own message; a dead-letter queue for what lay there at the end of the capture."""
    message_id: str
    job_id: str
    """Of the body as it stands here; empty where that holds no job."""
    account: str
    action: str
    body: Mapping[str, Any] | str
    """The payload; a text where the message held no JSON object."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    origin: Literal["message", "log"] = "message"
    """``log``: the message was gone, and its body is made from what the log says of its shape."""


@dataclass(frozen=True, kw_only=True)
class StateItem:
    """An item of the state table or of the line; never a session."""

    table: Literal["state", "line"]
    key: str
    sort: str = ""
    """The line's second key."""
    as_of: Literal["t0", "capture"]
    """``t0``: nothing wrote it since, so that a replay restores it. ``capture``: as it was found, for people."""
    item: Mapping[str, Any]
    """Its attributes, but for its keys. Their moments stay as they are: seconds (or milliseconds) since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer of the site: a HAR entry's names; what begins with an underscore is ours."""

    at_seconds: float
    """When the request began."""
    account: str
    job_id: str
    request: Mapping[str, Any]
    """``method``, ``url`` (the path's template), ``bodySize``."""
    response: Mapping[str, Any]
    """``status`` (0: no answer), ``headers`` (Retry-After alone), ``content`` (``size``, ``mimeType``)."""
    timings: Mapping[str, float]
    """``wait`` to the first byte, ``receive`` for the rest, milliseconds; -1 where not known, as in HAR."""
    time: float
    """In all, milliseconds."""
    nth: int = 1
    """Which request of this account with this method and path it was."""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """A step of the script of what happened around."""

    at_seconds: float
    verb: Verb
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A log line."""

    at_seconds: float
    source: Literal["limiter", "scraper"]
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One value of a queue's metric."""

    at_seconds: float
    metric: str
    queue: Queue
    value: float


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a job ended."""

    job_id: str
    account: str
    end: Literal["done", "rejected", "dead", "uncertain", "set_aside", "open"]
    """A ledger's final state; ``set_aside``: refused by the limiter; ``open``: it had not ended."""
    at_seconds: float | None
    attempts: int = 0
    failures: int = 0
    rate_limits: int = 0
    error_class: str = ""
    http_status: int | None = None


@dataclass(frozen=True, kw_only=True)
class AlarmChange:
    """An alarm's change of state."""

    at_seconds: float
    alarm: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a replay is compared with."""

    jobs: tuple[Ending, ...] = ()
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Each account's jobs, by id, in the order in which they ended."""
    alarms: tuple[AlarmChange, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """An incident."""

    manifest: Manifest
    jobs: tuple[SentJob, ...] = ()
    state: tuple[StateItem, ...] = ()
    answers: tuple[Answer, ...] = ()
    script: tuple[Happening, ...] = ()
    lines: tuple[Line, ...] = ()
    metrics: tuple[Reading, ...] = ()
    spans: Mapping[str, Any] = field(default_factory=lambda: {"resourceSpans": []})
    """OTLP/JSON, of each attempt and wait."""
    expected: Expected = field(default_factory=Expected)

    @property
    def t0(self) -> datetime:
        """When the incident begins."""
        return datetime.fromisoformat(self.manifest.t0)
