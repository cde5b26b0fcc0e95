"""An incident's bundle as one page: each job's way, and what happened around them."""

from collections.abc import Iterator
from typing import Any

from emulator.drawing import timeline
from huntaze_scraper.operations.incident.bundle import Bundle
from huntaze_scraper.operations.incident.reading import body_text


def page(bundle: Bundle) -> str:
    """Return the page, a file that needs nothing else. Whatever the bundle says is text in it."""
    t0 = bundle.t0.timestamp()
    lines = [{**it.fields, "at": t0 + it.at_seconds} for it in bundle.lines]
    taken = {
        str(it.fields.get("job_id")): t0 + it.at_seconds - float(it.fields.get("duration_ms") or 0) / 1000
        for it in reversed(bundle.lines)
        if it.source == "scraper"
    }
    ingress = [
        {"body": body_text(it.body), "sent": t0 + it.at_seconds}
        for it in bundle.jobs
        if it.queue == "ingress" and it.job_id
    ]
    workflows = [
        {
            "deduplication_id": str(it.fields.get("job_id")),
            "sent": t0 + it.at_seconds,
            "first_received": taken.get(str(it.fields.get("job_id")), 0.0),
        }
        for it in bundle.lines
        if it.fields.get("forwarding") == "forwarded"
    ]
    items: dict[str, dict[str, Any]] = {
        it.job_id: {"state": it.end, **({"ended_at": t0 + it.at_seconds} if it.at_seconds is not None else {})}
        for it in bundle.expected.jobs
    }
    found = timeline.gather(ingress, workflows, items, lines, t0 + bundle.manifest.span_seconds)
    return timeline.page(f"incident {bundle.manifest.name}", found, sorted(_around(bundle, t0)))


def _around(bundle: Bundle, t0: float) -> Iterator[tuple[float, str]]:
    for step in bundle.script:
        told = "  ".join(f"{name}={value}" for name, value in step.arguments.items())
        yield t0 + step.at_seconds, f"{step.verb}  {told}"
    for change in bundle.expected.alarms:
        yield t0 + change.at_seconds, f"alarm {change.alarm}: {change.before} to {change.after}"
