"""The log lines of limiter and scraper, by job, by creator, or all of a stretch of time."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from huntaze_scraper.operations.incident.gathering import Gathering
from huntaze_scraper.operations.incident.raw import RawLine, Source

MOST_LINES = 200_000
OF_TASKS = (
    "worker_started",
    "worker_stopping",
    "worker_stopped",
    "circuit_breaker_changed",
    "task_waits",
    "task_ready_again",
)
"""Events that are of no job, and tell what happened to a task."""


def gather(gathering: Gathering, field: str = "", value: str = "") -> None:
    """Add the lines in which a field has that value, with those of tasks; without a field all of them."""
    raw, target = gathering.raw, gathering.target
    # As it stands in a line of JSON, and that as a pattern quotes it.
    quoted = json.dumps(value, ensure_ascii=False)[1:-1].replace("\\", "\\\\").replace('"', '\\"')
    patterns = [f'"{it}"' for it in (quoted, *OF_TASKS)] if field else [""]
    groups: Mapping[Source, str] = {"limiter": target.limiter_logs, "scraper": target.scraper_logs}
    for source, group in groups.items():
        seen: set[str] = set()
        with gathering.part(f"log lines of the {source}", "logs:FilterLogEvents"):
            for pattern in patterns if source == "scraper" else patterns[:1]:
                for event in _events(gathering, group, pattern):
                    if event["eventId"] in seen:
                        continue
                    seen.add(event["eventId"])
                    line = RawLine(at=event["timestamp"] / 1000, source=source, fields=_parsed(event["message"]))
                    if _is_meant(line.fields, field, value):
                        raw.lines.append(line)
                    if len(seen) >= MOST_LINES:
                        gathering.lack(f"log lines of the {source}", f"there are more than {MOST_LINES}: say less time")
                        break
    raw.lines.sort(key=lambda it: it.at)
    _note_expired(gathering, groups)


def _events(gathering: Gathering, group: str, pattern: str) -> Iterator[Any]:
    only: Any = {"filterPattern": pattern} if pattern else {}
    pages = gathering.target.clients.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        startTime=int(gathering.raw.begin * 1000),
        endTime=int(gathering.raw.end * 1000) + 1,
        **only,
    )
    count = 0
    for page in pages:
        count += len(page["events"])
        gathering.tell(f"log lines in {group}: {count}")
        yield from page["events"]


def _is_meant(line: Mapping[str, Any], field: str, value: str) -> bool:
    """Tell whether a line is of what was asked for: a pattern looks anywhere in a text."""
    if not field:
        return bool(line)
    return line.get("event") in OF_TASKS or line.get(field) == value


def _note_expired(gathering: Gathering, groups: Mapping[Source, str]) -> None:
    for source, group in groups.items():
        with gathering.part(f"how long lines of the {source} are kept", "logs:DescribeLogGroups"):
            found = gathering.target.clients.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
            days = next((it.get("retentionInDays") for it in found if it["logGroupName"] == group), None)
            if (
                days
                and gathering.raw.begin < gathering.raw.captured_at - days * 86400
                and gathering.raw.asked.get("since")
            ):
                gathering.lack(f"older log lines of the {source}", f"they are kept for {days} days")


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return line if isinstance(line, dict) else {}


def jobs_in(lines: Iterable[RawLine]) -> list[str]:
    """Return the ids of the jobs that the lines are of, in the order in which they were first told."""
    found = (it.fields.get("job_id") for it in lines)
    return list(dict.fromkeys(str(it) for it in found if it))
