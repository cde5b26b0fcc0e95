"""A history in some twenty lines: what was sent, what went wrong, what the site had, what broke."""

from tests.simulation.ground import Line
from tests.simulation.run import Ended

MOST_LINES = 20
TOLD = (
    {"job_ended", "site_error", "message_lost", "messages_not_handed_back", "account_paused", "account_rests"},
    {"rate limit decision", "receive_failed", "heartbeat_failed", "circuit_breaker_changed", "task_waits"},
)
"""Lines of the log, the more telling ones first."""


def tell(ended: Ended) -> list[str]:
    """Return the story of a run whose lines were kept."""
    ranked = sorted((_rank(line), -place) for place, line in enumerate(ended.lines) if _rank(line) is not None)
    chosen = sorted(-place for _, place in ranked[:MOST_LINES])
    plan = ended.plan
    head = f"seed {plan.seed}: {len(plan.jobs)} jobs, {len(plan.faults)} faults, {plan.tasks} tasks, scope {plan.scope}"
    return [head, *(_told(ended.lines[place]) for place in chosen), f"broken: {ended.invariant}: {ended.why}"]


def _rank(line: Line) -> int | None:
    if line.who == "fault":
        return 0
    if line.what in ("SIGTERM", "replay", "gave up", "ended") or line.which == "POST /api/login":
        return 2
    if line.who == "site" or (line.what == "site" and line.which.startswith("POST")):
        return 1
    if line.who == "producer":
        return 2
    if line.what == "log":
        return next((3 + place for place, events in enumerate(TOLD) if line.which in events), None)
    return None


def _told(line: Line) -> str:
    parts = [part for part in (line.what, line.which, line.about, line.how) if part and part != "log"]
    return f"{line.at:9.2f} s  {line.who:<11} {' '.join(parts)}"[:150]
