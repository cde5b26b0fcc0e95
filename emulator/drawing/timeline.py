"""All jobs of a stretch of time on one page: a file that needs nothing else."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.drawing.rendering import environment
from emulator.drawing.way import Stations, Way, detailed
from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob

MOST = 300
"""More jobs than anybody reads: the first are shown, and how many are not."""
FAILED_STATES = ("rejected", "dead", "uncertain")
ENDED_STATES = ("done", *FAILED_STATES)

type Letter = Mapping[str, Any]
"""A message as the emulator's journal has it: ``body``, ``sent``, ``first_received``, ``deduplication_id``."""


@dataclass(frozen=True, kw_only=True)
class JobWay:
    """A job and its way."""

    job_id: str
    account: str
    action: str
    state: str
    way: Way
    lines: Sequence[tuple[float, str, str]] = ()
    """What was said about it: moment, event, the rest."""


def gather(
    ingress: Iterable[Letter],
    workflows: Iterable[Letter],
    items: Mapping[str, Mapping[str, Any]],
    lines: Iterable[Mapping[str, Any]],
    now: float,
) -> list[JobWay]:
    """Return each job's way, in the order of sending.

    From both queues' journals, the ledger's items by job id (plain values), and the scraper's log lines, each with its
    moment as ``at`` (seconds since the epoch).
    """
    forwarded = {str(it["deduplication_id"]): it for it in workflows}
    said = defaultdict[str, list[tuple[float, Mapping[str, Any]]]](list)
    for line in lines:
        said[str(line.get("job_id", ""))].append((float(line["at"]), line))
    found = []
    for letter in ingress:
        try:
            job = jobs.parse(str(letter["body"]))
        except InvalidJob:
            continue
        found.append(_way(job, letter, forwarded.get(job.job_id), items.get(job.job_id, {}), said[job.job_id], now))
    return found


def _way(
    job: jobs.Job,
    letter: Letter,
    forwarded: Letter | None,
    item: Mapping[str, Any],
    said: Sequence[tuple[float, Mapping[str, Any]]],
    now: float,
) -> JobWay:
    state = str(item.get("state") or ("waiting for a task" if forwarded else "waiting for its turn"))
    stations = Stations(
        sent=float(letter["sent"]),
        forwarded=float(forwarded["sent"]) if forwarded else 0.0,
        taken=float(forwarded["first_received"] or 0) if forwarded else 0.0,
        ended=float(item.get("ended_at") or 0) if state in ENDED_STATES else 0.0,
        is_failed=state in FAILED_STATES,
    )
    ordered = sorted(said, key=lambda it: it[0])
    return JobWay(
        job_id=job.job_id,
        account=job.account,
        action=job.action,
        state=state,
        way=detailed(stations, ordered, now),
        lines=[(at, *told(line)) for at, line in ordered],
    )


_KNOWN = frozenset(
    {
        *("job_id", "message_id", "creator_id", "action", "correlation_id", "level", "timestamp", "service", "event"),
        *("logger", "location", "xray_trace_id", "message", "duration_ms", "at"),
    }
)
"""Fields that say the same on every line of a job, or have a place of their own."""


def told(line: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a log line says: its event, and the rest of it."""
    what = str(line.get("event") or line.get("message") or "")
    shown = {name: value for name, value in line.items() if name not in _KNOWN and value not in (None, "")}
    return what, "  ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in shown.items()
    )


def page(title: str, found: Sequence[JobWay], around: Sequence[tuple[float, str]] = ()) -> str:
    """Return the page; ``around`` is what happened beside the jobs, with its moment."""
    start = min((it.way.start for it in found if it.way.spans), default=0.0)
    end = max((it.way.start + it.way.seconds for it in found if it.way.spans), default=start)
    template = environment().get_template("timeline.html")
    more = max(len(found) - MOST, 0)
    return template.render(title=title, jobs=found[:MOST], more=more, start=start, end=end, around=around)
