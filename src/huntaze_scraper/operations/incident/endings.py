"""How each job ended, and in which order: what a replay is compared with."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from huntaze_scraper import jobs
from huntaze_scraper.errors import ErrorClass, InvalidJob
from huntaze_scraper.operations.incident import made_jobs
from huntaze_scraper.operations.incident.bundle import Ending, Expected
from huntaze_scraper.operations.incident.raw import Raw, number
from huntaze_scraper.operations.incident.redaction import Redaction
from huntaze_scraper.state.keys import Kind, name_of

_ENDS = ("done", "rejected", "dead", "uncertain")


def expected(raw: Raw, redaction: Redaction, t0: float) -> Expected:
    """Return the jobs' ends, and each account's order of ending."""
    items = {name_of(it.key): it.item for it in raw.items if it.key.startswith(Kind.JOB.prefix)}
    buried = {_job_of(it.body) for it in raw.messages if it.queue == "workflows_dlq"}
    aside = {it.fields.get("job_id") for it in raw.lines if it.fields.get("forwarding") == "set_aside"}
    last = _last_errors(raw)
    endings = []
    for job_id, told in made_jobs.told(raw).items():
        item = items.get(job_id, {})
        end: Any = str(item.get("state", ""))
        if end not in _ENDS:
            end = "dead" if job_id in buried else "set_aside" if job_id in aside else "open"
        ended = number(item.get("ended_at")) if end in _ENDS else 0.0
        error_class, status = _error(raw.results.get(job_id)) or (
            last.get(job_id, ("", None)) if end != "done" else ("", None)
        )
        endings.append(
            Ending(
                job_id=redaction.job_ids[job_id],
                account=str(redaction.name("creator")(told.account) or ""),
                end=end,
                at_seconds=round(ended - t0, 3) if ended else None,
                attempts=_count(item, "attempts"),
                failures=_count(item, "failures"),
                rate_limits=_count(item, "rate_limits"),
                error_class=error_class,
                http_status=status,
            )
        )
    order = defaultdict(list)
    for it in sorted((it for it in endings if it.at_seconds is not None), key=lambda it: it.at_seconds or 0.0):
        order[it.account].append(it.job_id)
    return Expected(jobs=tuple(endings), order={account: tuple(ids) for account, ids in order.items()})


def _job_of(body: str) -> str:
    try:
        return jobs.parse(body).job_id
    except InvalidJob:
        return ""


def _last_errors(raw: Raw) -> dict[Any, tuple[str, int | None]]:
    return {
        it.fields.get("job_id"): _known(it.fields.get("error_class"), it.fields.get("http_status"))
        for it in raw.lines
        if it.fields.get("event") == "site_error"
    }


def _error(result: Mapping[str, Any] | None) -> tuple[str, int | None] | None:
    error = result.get("error") if result else None
    return _known(error.get("class"), error.get("status")) if isinstance(error, dict) else None


def _known(error_class: Any, status: Any) -> tuple[str, int | None]:
    classes = {str(it) for it in ErrorClass}
    known = error_class if isinstance(error_class, str) and error_class in classes else ""
    return known, status if isinstance(status, int) and not isinstance(status, bool) else None


def _count(item: Mapping[str, Any], name: str) -> int:
    value = item.get(name, 0)
    return value if isinstance(value, int) and value >= 0 else 0
