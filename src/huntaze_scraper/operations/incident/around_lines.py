"""What the tasks' own lines tell of what happened around them: stores that did not answer, browsers that died."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from huntaze_scraper.operations.incident.bundle import Verb
from huntaze_scraper.operations.incident.raw import RawLine, RawStep

STORES = {"state table": "dynamodb", "results bucket": "s3"}
SAME_END_SECONDS = 180.0
"""Between ECS's word that a task stops and the task's own."""
_ENDS = (Verb.STOP_TASK, Verb.INTERRUPT_SPOT, Verb.KILL_SCRAPER)
LOOKED_AGAIN_SECONDS = 30.0
"""How long an outage is taken to last after the last line that tells of it, where none tells of its end."""


def steps(lines: Sequence[RawLine], known: Sequence[RawStep] = ()) -> Iterator[RawStep]:
    """Yield the steps; a task's end only where none is known of about that time, for ECS forgets after an hour."""
    ends = [it.at for it in known if it.verb in _ENDS]
    yield from _outages(lines)
    for line in lines:
        event, at = line.fields.get("event"), line.at
        if event == "browser_to_be_replaced" and line.fields.get("was_alive") is False:
            yield RawStep(at=at, verb=Verb.KILL_BROWSER)
        if event == "worker_stopping" and not any(abs(at - it) < SAME_END_SECONDS for it in ends):
            yield RawStep(at=at, verb=Verb.STOP_TASK, arguments={"reason": str(line.fields.get("why") or "")})


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
