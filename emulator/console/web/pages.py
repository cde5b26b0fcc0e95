"""What each page shows: its address, its template, and where its facts come from."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from starlette.convertors import Convertor
from starlette.routing import compile_path

from emulator.console.reading import breakage, jobs, journal, overview, pictures
from emulator.console.reading.clock import Strip, WallTimes
from emulator.console.reading.place import Place
from emulator.drawing.timeline import ENDED_STATES, FAILED_STATES, told
from emulator.drawing.way import Stations, detailed, outline
from emulator.harness.run_file import Run
from fake_onlyfans.faults.rules import KINDS
from huntaze_scraper.operations import job_history
from huntaze_scraper.operations.errors import TellOperator

LATEST = 8
MOST_TASKS = 9
"""So many tasks the map has room for."""
QUEUE_NAMES = {
    "ingress": "Ingress queue",
    "workflows": "Workflows queue",
    "ingress-dlq": "Ingress DLQ",
    "workflows-dlq": "Workflows DLQ",
}
MOST_LETTERS = 100
MOST_LETTERS_BYTES = 500_000
"""So much of bodies is shown on one page; a letter that is looked at alone is shown whole."""


class NoSuchPage(Exception):
    """Nothing is there; the text says what."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a page is to show of which pipeline, at what time."""

    place: Place
    strip: Strip
    walls: WallTimes
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)

    @property
    def now(self) -> float:
        """The cloud's time."""
        return self.strip.now


type Read = Callable[[Asked], dict[str, Any]]


@dataclass(frozen=True)
class Page:
    """A page: its address may hold parts in braces, as Starlette's do."""

    pattern: str
    template: str
    read: Read
    needs_harness: bool = False

    def matches(self, path: str) -> Mapping[str, str] | None:
        """Return the parts of an address that is this page's."""
        regex, _format, convertors = compile_path(self.pattern)
        found = regex.match(path)
        if found is None:
            return None
        known: Mapping[str, Convertor[Any]] = convertors
        return {name: str(known[name].convert(text)) for name, text in found.groupdict().items()}


def home(asked: Asked) -> dict[str, Any]:
    """Show the map, and the latest jobs."""
    latest = jobs.newest(asked.place, jobs.Filter(), most=LATEST)
    run = asked.place.run
    return {
        "overview": overview.read(asked.place, asked.now),
        "rows": [(row, outline(row.stations, asked.now)) for row in latest.rows],
        "broken": breakage.read(run).count if run else 0,
        "most_tasks": MOST_TASKS,
    }


def job_list(asked: Asked) -> dict[str, Any]:
    """Show jobs, newest first, as filtered."""
    query = asked.query
    wanted = jobs.Filter(**{name: query.get(name, "").strip() for name in ("account", "action", "state", "text")})
    skip = int(query["skip"]) if query.get("skip", "").isdecimal() else 0
    found = jobs.newest(asked.place, wanted, skip)
    return {
        "rows": [(row, outline(row.stations, asked.now)) for row in found.rows],
        "has_more": found.has_more,
        "looked_at": found.looked_at,
        "most": jobs.MOST_LOOKED_AT,
        "skip": skip,
        "page_size": jobs.PAGE,
        "wanted": wanted,
        "states": jobs.STATES,
        "actions": ("send_message", "scrape_profile", "download_media", "get_messages"),
    }


def job(asked: Asked) -> dict[str, Any]:
    """Show one job: its way, its lines, its result."""
    history, letter = find_job(asked.place, asked.path["id"])
    lines = [(it.at.timestamp(), it.line) for it in history.events if it.source == "scraper"]
    stations = _stations(history)
    if letter is not None:
        stations = replace(stations, sent=letter.sent)
    way = detailed(stations, lines, asked.now)
    result = history.result
    return {
        "history": history,
        "way": way,
        "walls": [asked.walls.between(it.start, it.end) for it in way.spans],
        "events": [(it.at.timestamp(), it.source, *told(it.line)) for it in history.events],
        "result": json.dumps(result, indent=2, ensure_ascii=False) if result is not None else "",
        "pictures": list(_pictures(result)),
        "payload": letter.pretty if letter else "",
    }


def queue(asked: Asked) -> dict[str, Any]:
    """Show what a queue holds, without receiving any of it."""
    name = asked.path["name"]
    if name not in QUEUE_NAMES:
        raise NoSuchPage(f"there is no queue {name!r}")
    run, url, alone = asked.place.harness, asked.place.queues[name], asked.query.get("letter", "")
    letters, count = journal.held(run, url, most=MOST_LETTERS)
    if alone:
        letters = journal.read(run, url, held=1, message=alone)
    return {
        "name": name,
        "title": QUEUE_NAMES[name],
        "letters": list(_within(letters, MOST_LETTERS_BYTES)),
        "alone": alone,
        "count": count,
        "is_dlq": name.endswith("-dlq"),
    }


def charts(asked: Asked) -> dict[str, Any]:
    """Show what CloudWatch recorded."""
    span = asked.query.get("span", "1h")
    seconds = pictures.SPANS.get(span, pictures.SPANS["1h"])
    return {
        "charts": pictures.read(asked.place, asked.now, seconds),
        "span": span,
        "spans": list(pictures.SPANS),
        "alarms": pictures.alarms(asked.place, asked.now, seconds),
    }


def breaking(asked: Asked) -> dict[str, Any]:
    """Show what is broken, and what could be."""
    return {"breakage": breakage.read(asked.place.harness), "kinds": _KINDS}


PAGES = (
    Page("/", "home.html", home),
    Page("/jobs", "jobs.html", job_list),
    Page("/jobs/{id}", "job.html", job),
    Page("/pictures", "pictures.html", charts),
    Page("/queues/{name}", "queue.html", queue, needs_harness=True),
    Page("/break", "break.html", breaking, needs_harness=True),
)


_KINDS = {name: str(kind.__doc__).partition("\n")[0].split("``") for name, kind in KINDS.items()}
"""What each of the site's faults does: words, and every other one an option or a value."""


def _stations(history: job_history.JobHistory) -> Stations:
    ledger = history.ledger
    is_over = ledger.get("state") in ENDED_STATES
    return Stations(
        sent=_moment(history.reservation.get("granted_at")),
        forwarded=_moment(history.reservation.get("forwarded_at")),
        ended=_moment(ledger.get("ended_at")) if is_over else 0.0,
        is_failed=ledger.get("state") in FAILED_STATES,
    )


def _moment(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp() if text else 0.0


def _within(letters: Iterable[journal.Letter], most_bytes: int) -> Iterator[tuple[journal.Letter, bool]]:
    """Tell of each letter whether its body is shown: the first is, and the others as far as all fit."""
    shown = 0
    for letter in letters:
        is_shown = not shown or shown + len(letter.body) <= most_bytes
        shown += len(letter.body) if is_shown else 0
        yield letter, is_shown


def find_job(place: Place, job_id: str) -> tuple[job_history.JobHistory, journal.Letter | None]:
    """Return what is known of a job, and, over a harness, the message that brought it; one just sent is only that.

    Raises:
        NoSuchPage: nobody knows it.
    """
    try:
        history = job_history.find(place.target, job_id, datetime.fromtimestamp(0, UTC))
    except TellOperator as error:
        letter = None if place.run is None else _just_sent(place.run, job_id)
        if letter is None or letter.job is None:
            raise NoSuchPage(str(error)) from None
        return job_history.JobHistory(job_id=letter.job.job_id), letter
    ids = ",".join({str(it.line.get("message_id")) for it in history.events if it.source == "limiter"})
    if place.run is None or not ids:
        return history, None
    return history, next(reversed(journal.read(place.run, place.run.ingress_queue_url, message=ids)), None)


def _just_sent(run: Run, job_id: str) -> journal.Letter | None:
    letters = journal.read(run, run.ingress_queue_url, last=jobs.MOST_LOOKED_AT)
    return next((it for it in letters if it.job and it.job.job_id.startswith(job_id)), None)


def _pictures(document: Any) -> Any:
    """Tell the keys of all pictures that a result names."""
    values = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for value in values:
        if isinstance(value, str) and value.startswith("s3://") and value.endswith(".png"):
            yield value.removeprefix("s3://").partition("/")[2]
        elif isinstance(value, dict | list):
            yield from _pictures(value)
