"""A job's way as spans of time: where it waited, when it was worked on, what happened meanwhile. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any

from emulator.drawing.moments import duration


class Kind(StrEnum):
    """What a job does during a span; each has one colour."""

    TURN = "turn"
    """Waits on the ingress queue for its turn of the limit."""
    QUEUE = "queue"
    """Waits on the workflows queue for a task."""
    HIDDEN = "hidden"
    """Was handed back, and is away until its visibility ends."""
    WORK = "work"
    """An attempt that went through, or still runs."""
    FAILED = "failed"
    """An attempt that did not go through."""


TITLES: Mapping[Kind, str] = {
    Kind.TURN: "waits for its turn",
    Kind.QUEUE: "waits for a task",
    Kind.HIDDEN: "away until it comes back",
    Kind.WORK: "attempt",
    Kind.FAILED: "attempt that failed",
}
STEP_TITLES: Mapping[str, str] = {"site": "a request to the site", "store": "a write to S3"}
SUCCEEDED = "succeeded"
MOST_MARKS = 12
"""So many moments and steps of a span are told, and how many there are more."""
MARKS = {
    "site_error": "the site's error",
    "signed_in": "signed in",
    "account_paused": "the account rests",
    "lease_lost": "lease lost",
    "message_lost": "message lost",
}
"""Log events that are drawn as a tick in the attempt in which they came."""


@dataclass(frozen=True, kw_only=True)
class Stations:
    """When a job passed where, in seconds since the epoch; 0 for not yet, or not known."""

    sent: float = 0.0
    forwarded: float = 0.0
    taken: float = 0.0
    ended: float = 0.0
    is_failed: bool = False


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something at one moment."""

    at: float
    title: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Step(Mark):
    """Something that took the seconds before a moment: a request of the browser's, or a write to S3."""

    seconds: float
    kind: str
    """A key of STEP_TITLES."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of the way, in seconds since the epoch."""

    kind: Kind
    start: float
    end: float
    note: str = ""
    marks: tuple[Mark, ...] = ()
    is_open: bool = False
    """It still lasts; the end is now."""
    away_seconds: float = 0.0
    """For how long the job is away after it."""

    @property
    def steps(self) -> list[Step]:
        """The marks that took time."""
        return [it for it in self.marks if isinstance(it, Step)]

    @property
    def moments(self) -> list[Mark]:
        """The marks that took none."""
        return [it for it in self.marks if not isinstance(it, Step)]

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return max(self.end - self.start, 0.0)


@dataclass(frozen=True, kw_only=True)
class Way:
    """The spans in order of time, without overlap."""

    spans: tuple[Span, ...] = field(default=())

    @property
    def start(self) -> float:
        """When the first begins; 0 where there is none."""
        return self.spans[0].start if self.spans else 0.0

    @property
    def seconds(self) -> float:
        """From the first's beginning to the last's end."""
        return self.spans[-1].end - self.start if self.spans else 0.0

    def seconds_of(self, kind: Kind) -> float:
        """How long all spans of a kind lasted together."""
        return sum(it.seconds for it in self.spans if it.kind is kind)


def outline(stations: Stations, now: float) -> Way:
    """Return the way as far as its stations tell: one span between each and the next."""
    work = Kind.FAILED if stations.is_failed else Kind.WORK
    known = [
        (Kind.TURN, stations.sent, stations.forwarded),
        (Kind.QUEUE, stations.forwarded, stations.taken),
        (work, stations.taken, stations.ended),
    ]
    spans = [
        Span(kind=kind, start=start, end=max(end or now, start), is_open=not end) for kind, start, end in known if start
    ]
    return Way(spans=tuple(spans))


def detailed(stations: Stations, lines: Sequence[tuple[float, Mapping[str, Any]]], now: float) -> Way:
    """Return the way with each attempt and each wait, from the job's log lines (moment and fields) in order of time."""
    attempts = list(_attempts(lines, now, is_ended=bool(stations.ended)))
    if not attempts:
        return outline(stations, now)
    spans = []
    begins = attempts[0].start
    if stations.sent:
        forwarded = min(stations.forwarded or begins, begins)
        spans.append(Span(kind=Kind.TURN, start=min(stations.sent, forwarded), end=forwarded))
        spans.append(Span(kind=Kind.QUEUE, start=forwarded, end=begins))
    for attempt, following in pairwise(attempts):
        spans += [attempt, *_between(attempt, following.start, is_open=False)]
    spans.append(attempts[-1])
    if not stations.ended:
        spans.extend(_between(attempts[-1], now, is_open=True))
    return Way(spans=tuple(it for it in spans if it.seconds > 0 or it.kind in (Kind.WORK, Kind.FAILED)))


def _between(attempt: Span, until: float, *, is_open: bool) -> Iterator[Span]:
    """Tell how the time after an attempt passed: away first, then waiting for a task."""
    if attempt.is_open:
        return
    back = min(attempt.end + attempt.away_seconds, until)
    if back > attempt.end:
        yield Span(kind=Kind.HIDDEN, start=attempt.end, end=back, is_open=is_open and back == until)
    if until > back:
        yield Span(kind=Kind.QUEUE, start=back, end=until, is_open=is_open)


def _attempts(lines: Iterable[tuple[float, Mapping[str, Any]]], now: float, *, is_ended: bool) -> Iterator[Span]:
    """Cut the scraper's lines into attempts; each line tells how long its attempt had run.

    What is told of an attempt once it has ended (handed back, deleted) begins no other one.
    """
    begun, marks, last, ended = 0.0, list[Mark](), 0.0, 0.0
    for at, line in lines:
        event, ran = str(line.get("event", "")), line.get("duration_ms")
        if not event or not isinstance(ran, int | float):
            continue
        if at - ran / 1000 < ended and event != "job_ended":
            continue
        begun = begun or max(at - ran / 1000, ended)
        last = at
        if event == "job_ended":
            status, why = str(line.get("status", "")), str(line.get("error") or "")
            back = line.get("comes_back_seconds")
            if back is not None:
                marks.append(Mark(at=at, title="handed back for", detail=duration(float(back))))
            yield Span(
                kind=Kind.WORK if status == SUCCEEDED else Kind.FAILED,
                start=begun,
                end=at,
                note=f"{status}: {why}" if why else status,
                marks=tuple(marks),
                away_seconds=float(back or 0),
            )
            begun, marks, ended = 0.0, [], at
        elif event in STEPS:
            marks.append(STEPS[event](at, line))
        elif event in MARKS:
            marks.append(Mark(at=at, title=MARKS[event], detail=_detail(line)))
    if begun and marks:
        yield Span(kind=Kind.WORK, start=begun, end=last if is_ended else now, marks=tuple(marks), is_open=not is_ended)


def _asked(at: float, line: Mapping[str, Any]) -> Step:
    """Tell a request of the browser's: what was asked for, what came, and how long it took."""
    title = f"{line.get('method', '')} {line.get('path', '')}".strip()
    detail = str(line.get("http_status") or line.get("failure") or "")
    return Step(at=at, title=title, detail=detail, seconds=_took(line), kind="site")


def _kept(at: float, line: Mapping[str, Any]) -> Step:
    """Tell a write to S3: of what, and how long it took."""
    detail = f"{line.get('content_type', '')}, {line.get('sent_bytes', 0)} bytes"
    return Step(at=at, title="S3", detail=detail, seconds=_took(line), kind="store")


def _took(line: Mapping[str, Any]) -> float:
    milliseconds = line.get("total_ms")
    return max(milliseconds, 0) / 1000 if isinstance(milliseconds, int | float) else 0.0


STEPS = {"site_answered": _asked, "object_kept": _kept}
"""Log events that are a bar of their own in the attempt in which they came."""


def _detail(line: Mapping[str, Any]) -> str:
    told = (line.get("http_status"), line.get("error_class"), line.get("reason"), line.get("request"))
    return ", ".join(str(it) for it in told if it)
