"""Each job's way as spans of OpenTelemetry, in OTLP/JSON: its wait, its attempts, the site's answers within them."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from huntaze_scraper.operations.incident.bundle import Line, SentJob
from huntaze_scraper.operations.incident.raw import number

INTERNAL, CLIENT = 1, 3
OK, ERROR = 1, 2
"""OTLP's kinds and statuses."""
_TOLD = ("status", "error_class", "http_status", "receive_count", "attempt", "method", "path", "action", "creator_id")


def of(jobs: Sequence[SentJob], lines: Sequence[Line], t0: float) -> dict[str, Any]:
    """Return the spans of every job that has an id."""
    said = defaultdict[str, list[Line]](list)
    for line in lines:
        said[str(line.fields.get("job_id") or "")].append(line)
    first = {it.job_id: it for it in reversed(jobs) if it.job_id and it.queue == "ingress"}
    spans = [span for job in first.values() for span in _of_job(job, said[job.job_id], t0)]
    resource = {"attributes": [_attribute("service.name", "huntaze")]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "huntaze"}, "spans": spans}]}]}


def _of_job(job: SentJob, lines: Sequence[Line], t0: float) -> Iterator[dict[str, Any]]:
    end = max((it.at_seconds for it in lines), default=job.at_seconds)
    whole = _span(job, "job", "", job.at_seconds, end, t0, {"action": job.action, "creator_id": job.account})
    yield whole
    attempts = [it for it in lines if it.source == "scraper" and it.fields.get("event") == "job_ended"]
    forwarded = next((it.at_seconds for it in lines if it.fields.get("forwarding") == "forwarded"), None)
    if forwarded is not None:
        yield _span(job, "turn", whole["spanId"], job.at_seconds, forwarded, t0, {})
    for place, line in enumerate(attempts):
        begin = line.at_seconds - number(line.fields.get("duration_ms")) / 1000
        is_well = line.fields.get("status") == "succeeded"
        attempt = _span(
            job, f"attempt {place + 1}", whole["spanId"], begin, line.at_seconds, t0, line.fields, is_well=is_well
        )
        yield attempt
        for answer in lines:
            if answer.fields.get("event") == "site_answered" and begin <= answer.at_seconds <= line.at_seconds:
                began = answer.at_seconds - number(answer.fields.get("total_ms")) / 1000
                name = f"{answer.fields.get('method')} {answer.fields.get('path')}"
                yield _span(job, name, attempt["spanId"], began, answer.at_seconds, t0, answer.fields, kind=CLIENT)


def _span(
    job: SentJob,
    name: str,
    parent: str,
    begin: float,
    end: float,
    t0: float,
    fields: Mapping[str, Any],
    *,
    kind: int = INTERNAL,
    is_well: bool = True,
) -> dict[str, Any]:
    identity = hashlib.sha256(f"{job.job_id} {name} {begin}".encode()).hexdigest()[:16]
    told = [_attribute(field, fields[field]) for field in _TOLD if fields.get(field) is not None]
    return {
        "traceId": (job.job_id or identity)[:32].ljust(32, "0"),
        "spanId": identity,
        "parentSpanId": parent,
        "name": name[:512],
        "kind": kind,
        "startTimeUnixNano": _nanoseconds(begin + t0),
        "endTimeUnixNano": _nanoseconds(max(end, begin) + t0),
        "attributes": told,
        "status": {"code": OK if is_well else ERROR},
    }


def _nanoseconds(seconds: float) -> str:
    return str(max(round(seconds * 1000), 0) * 1_000_000)


def _attribute(name: str, value: Any) -> dict[str, Any]:
    held = (
        {"intValue": str(value)}
        if isinstance(value, int) and not isinstance(value, bool)
        else {"stringValue": str(value)}
    )
    return {"key": name, "value": held}
