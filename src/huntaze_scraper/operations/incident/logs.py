"""The log lines of limiter and scraper, by job, by creator, or all of a stretch of time."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from huntaze_scraper.operations.incident.bundle import Verb
from huntaze_scraper.operations.incident.gathering import Gathering
from huntaze_scraper.operations.incident.raw import RawLine, RawStep, Source

MOST_LINES = 200_000
OF_TASKS = (
    "worker_started",
    "worker_stopping",
    "worker_stopped",
    "circuit_breaker_changed",
    "task_waits",
    "task_ready_again",
    "receive_failed",
    "heartbeat_failed",
)
"""Events that are of no job, and tell what happened to a task."""

RUNTIME_EXITED = "Runtime exited"
"""Lambda's own words, ``RequestId: ... Error: Runtime exited ...``, where an environment died over an invocation."""


def gather(gathering: Gathering, field: str = "", value: str = "") -> None:
    """Add the lines in which a field has that value; without a field all of the time."""
    target = gathering.target
    # As it stands in a line of JSON, and that as a pattern quotes it.
    quoted = json.dumps(value, ensure_ascii=False)[1:-1].replace("\\", "\\\\").replace('"', '\\"')
    groups: Mapping[Source, str] = {"limiter": target.limiter_logs, "scraper": target.scraper_logs}

    def is_meant(line: Mapping[str, Any]) -> bool:
        # A pattern looks anywhere in a text.
        return line.get(field) == value if field else bool(line)

    for source, group in groups.items():
        _add(gathering, source, group, f'"{quoted}"' if field else "", is_meant)
    _note_expired(gathering, groups)


def gather_tasks(gathering: Gathering) -> None:
    """Add what the tasks said of themselves meanwhile."""
    pattern = " ".join(f'?"{event}"' for event in OF_TASKS)
    group = gathering.target.scraper_logs
    _add(gathering, "scraper", group, pattern, lambda line: line.get("event") in OF_TASKS)


def gather_limiter_deaths(gathering: Gathering) -> None:
    """Add a step for each death of one of the limiter's environments, which no line of its own can tell."""
    with gathering.part("deaths of the limiter", "logs:FilterLogEvents"):
        for event in _events(gathering, gathering.target.limiter_logs, f'"{RUNTIME_EXITED}"'):
            if event["message"].startswith("RequestId: "):
                gathering.raw.steps.append(RawStep(at=event["timestamp"] / 1000, verb=Verb.KILL_LIMITER))


def _add(
    gathering: Gathering, source: Source, group: str, pattern: str, is_meant: Callable[[Mapping[str, Any]], bool]
) -> None:
    raw, what = gathering.raw, f"log lines of the {source}"
    with gathering.part(what, "logs:FilterLogEvents"):
        for event in _events(gathering, group, pattern):
            line = RawLine(at=event["timestamp"] / 1000, source=source, fields=_parsed(event["message"]))
            if is_meant(line.fields):
                raw.lines.append(line)
            if len(raw.lines) >= MOST_LINES:
                gathering.lack(what, f"there are more than {MOST_LINES}: say less time")
                break
    raw.lines.sort(key=lambda it: it.at)


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
