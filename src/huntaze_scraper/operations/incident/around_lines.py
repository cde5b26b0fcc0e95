"""What the programs' own lines tell of what happened around them: services that did not answer, browsers that died."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huntaze_scraper.operations.incident.bundle import Verb
from huntaze_scraper.operations.incident.raw import RawLine, RawStep

STORES = {"state table": "dynamodb", "results bucket": "s3"}
"""Services by what a task's readiness calls them."""
_REFUSALS = {
    "the state table ": "dynamodb",
    "S3: ": "s3",
    "Secrets Manager: ": "secretsmanager",
    "SQS: ": "sqs",
    "workflows queue: ": "sqs",
}
"""Services by how our own words about one that failed begin."""
_WORKED = {
    "attempt_begins": {"dynamodb"},
    "signed_in": {"secretsmanager"},
    "message_deleted": {"sqs"},
    "messages_handed_back": {"sqs"},
    "task_ready_again": set(STORES.values()),
}
"""Services that worked where this event is told."""
_SLOWS_DOWN = re.compile(r"Throttl|ProvisionedThroughput|RequestLimit|SlowDown")
SAME_END_SECONDS = 180.0
"""Between ECS's word that a task stops and the task's own."""
_ENDS = (Verb.STOP_TASK, Verb.INTERRUPT_SPOT, Verb.KILL_SCRAPER)
FOUND_OUT_SECONDS = 5.0
"""How long a client tries until a line tells that a service does not answer: an outage began at most so long before."""
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


@dataclass(slots=True)
class _Outage:
    begin: float
    last: float
    kind: str

    def step(self, service: str, end: float) -> RawStep:
        seconds = round(max(end - self.begin, 1.0), 1)
        arguments = {"service": service, "kind": self.kind, "seconds": seconds}
        return RawStep(at=self.begin, verb=Verb.OUTAGE, arguments=arguments)


def _outages(lines: Iterable[RawLine]) -> Iterator[RawStep]:
    """Yield outages; between a line that a service failed and one that it worked, an end lies in the middle."""
    worked: dict[str, float] = {}
    running: dict[str, _Outage] = {}
    for line in lines:
        failed = dict(_failed(line.fields))
        for service in _working(line) - failed.keys():
            worked[service] = line.at
            if outage := running.pop(service, None):
                yield outage.step(service, (outage.last + line.at) / 2)
        for service, kind in failed.items():
            outage = running.setdefault(service, _Outage(_begin(worked.get(service), line.at), line.at, kind))
            outage.last = line.at
    for service, outage in running.items():
        yield outage.step(service, outage.last + LOOKED_AGAIN_SECONDS)


def _begin(worked: float | None, told: float) -> float:
    return told - FOUND_OUT_SECONDS if worked is None else max(told - FOUND_OUT_SECONDS, (worked + told) / 2)


def _failed(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each service that a line tells to have failed, and how: "throttle" where it asked to slow down, or "error"."""
    missing = fields.get("missing")
    for store in missing if isinstance(missing, list) else ():
        if store in STORES:
            yield STORES[store], "error"
    for text in (fields.get("reason"), fields.get("error")):
        for words, service in _REFUSALS.items():
            if isinstance(text, str) and text.startswith(words):
                yield service, "throttle" if _SLOWS_DOWN.search(text) else "error"


def _working(line: RawLine) -> set[str]:
    fields = line.fields
    if fields.get("forwarding") == "forwarded":
        return {"dynamodb", "sqs"}
    if fields.get("event") == "job_ended" and fields.get("status") == "succeeded":
        return {"dynamodb", "s3"}
    return _WORKED.get(str(fields.get("event")), set())
