"""The site's answers, from the lines that tell of them, in HAR's names."""

from collections import Counter
from typing import Any

from huntaze_scraper.operations.incident.bundle import Answer
from huntaze_scraper.operations.incident.raw import Raw
from huntaze_scraper.operations.incident.redaction import DROPPED, Redaction

EVENT = "site_answered"


def answers(raw: Raw, redaction: Redaction, t0: float) -> tuple[Answer, ...]:
    """Return the answers in the order of their requests."""
    found = [it for it in raw.lines if it.source == "scraper" and it.fields.get("event") == EVENT]
    began = sorted(
        ((it.at - _number(it.fields, "total_ms", 0.0) / 1000, it.fields) for it in found), key=lambda it: it[0]
    )
    acted = _acted(raw, [fields for _, fields in began])
    counts: Counter[tuple[str, str, str]] = Counter()
    told = []
    for at, line in began:
        account = str(redaction.name("creator")(line.get("creator_id") or ""))
        method = line.get("method")
        url = redaction.path(line.get("path"))
        if not isinstance(method, str) or not method.isupper() or not method.isalpha() or url is DROPPED:
            continue
        counts[account, method, url] += 1
        job_id = redaction.job_id(line.get("job_id"))
        told.append(
            Answer(
                at_seconds=round(at - t0, 3),
                account=account,
                job_id=job_id if isinstance(job_id, str) else "",
                request={"method": method[:16], "url": url, "bodySize": _size(line, "sent_bytes")},
                response=_response(line, redaction, is_acted=id(line) in acted),
                timings=_timings(line),
                time=_number(line, "total_ms", -1.0),
                nth=counts[account, method, url],
            )
        )
    return tuple(told)


def _response(line: Any, redaction: Redaction, *, is_acted: bool) -> dict[str, Any]:
    wait = line.get("retry_after_seconds")
    headers = [{"name": "Retry-After", "value": f"{wait:g}"}] if isinstance(wait, int | float) else []
    failure = redaction.word(line.get("failure"))
    return {
        "status": min(max(_size(line, "http_status"), 0), 999),
        "headers": headers,
        "content": {"size": _size(line, "received_bytes"), "mimeType": redaction.mime(line.get("content_type"))},
        "_error": failure if failure in ("timeout", "reset") else "",
        "_acted": True if is_acted else None,
    }


def _timings(line: Any) -> dict[str, float]:
    wait, total = _number(line, "first_byte_ms", -1.0), _number(line, "total_ms", -1.0)
    return {"wait": wait, "receive": round(max(total - wait, 0.0), 1) if wait >= 0 and total >= 0 else -1.0}


def _acted(raw: Raw, lines: list[Any]) -> set[int]:
    """Tell the POSTs that got no answer of the site, or a gateway's, and took effect: the message was found later."""
    found = {job_id for job_id, it in raw.results.items() if _data(it).get("found_in_conversation") is True}
    last = {
        line.get("job_id"): id(line)
        for line in lines
        if line.get("method") == "POST" and line.get("job_id") in found and not 200 <= _size(line, "http_status") < 300  # noqa: PLR2004
    }
    return set(last.values())


def _data(result: Any) -> Any:
    data = result.get("data")
    return data if isinstance(data, dict) else {}


def _number(line: Any, name: str, default: float) -> float:
    value = line.get(name)
    return float(value) if isinstance(value, int | float) and value >= 0 else default


def _size(line: Any, name: str) -> int:
    value = line.get(name)
    return value if isinstance(value, int) and value >= 0 else -1
