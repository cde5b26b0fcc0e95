"""What the tasks' own lines tell of what happened around them: stores that did not answer, browsers that died."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from huntaze_scraper.operations.incident.bundle import Verb
from huntaze_scraper.operations.incident.raw import RawLine, RawStep

STORES = {"state table": "dynamodb", "results bucket": "s3"}
LOOKED_AGAIN_SECONDS = 30.0
"""How long an outage is taken to last after the last line that tells of it, where none tells of its end."""


def steps(lines: Sequence[RawLine]) -> Iterator[RawStep]:
    """Yield the steps in order of time."""
    yield from _outages(lines)
    for line in lines:
        event, at = line.fields.get("event"), line.at
        if event == "browser_to_be_replaced" and line.fields.get("was_alive") is False:
            yield RawStep(at=at, verb=Verb.KILL_BROWSER)


def _outages(lines: Iterable[RawLine]) -> Iterator[RawStep]:
    since: dict[str, float] = {}
    last: dict[str, float] = {}
    for line in lines:
        event = line.fields.get("event")
        if event == "task_waits":
            for service in _services(line.fields.get("missing")):
                since.setdefault(service, line.at)
                last[service] = line.at
        elif event == "task_ready_again":
            for service, at in since.items():
                yield _outage(at, line.at, service)
            since.clear()
    for service, at in since.items():
        yield _outage(at, last[service] + LOOKED_AGAIN_SECONDS, service)


def _services(missing: Any) -> list[str]:
    return [STORES[it] for it in missing if it in STORES] if isinstance(missing, list) else []


def _outage(begin: float, end: float, service: str) -> RawStep:
    arguments = {"service": service, "kind": "error", "seconds": round(max(end - begin, 1.0), 1)}
    return RawStep(at=begin, verb=Verb.OUTAGE, arguments=arguments)
