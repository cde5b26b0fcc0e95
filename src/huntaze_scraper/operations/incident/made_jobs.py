"""Jobs as the log tells them: when each message was sent, and a body in the place of the one that is gone."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from huntaze_scraper.operations.incident import synthetic
from huntaze_scraper.operations.incident.raw import Raw, number
from huntaze_scraper.operations.incident.redaction import ORIGIN, Redaction
from huntaze_scraper.state.keys import Kind

USUAL_LENGTH = 40
"""Of a message's text, where nothing says how long it was."""


@dataclass(frozen=True)
class Message:
    """One message that held the job."""

    message_id: str
    at: float


@dataclass(kw_only=True)
class Told:
    """What is known of a job without its body."""

    job_id: str
    account: str = ""
    action: str = ""
    correlation_id: str = ""
    priority: str = ""
    fan: str = ""
    length: int = USUAL_LENGTH
    kinds: tuple[str, ...] = ()
    media: int = 1
    messages: list[Message] = field(default_factory=list)


def told(raw: Raw) -> dict[str, Told]:
    """Return what log, state and results tell of each job, by its id."""
    found: dict[str, Told] = {}
    for line in raw.lines:
        job_id = line.fields.get("job_id")
        if not isinstance(job_id, str) or not job_id:
            continue
        job = found.setdefault(job_id, Told(job_id=job_id))
        _learn(job, line.fields)
        if line.source == "limiter":
            sent_at = number(line.fields.get("sent_at")) / 1000
            _arrived(job, str(line.fields.get("message_id") or ""), sent_at or line.at)
    for item in raw.items:
        job_id = item.key.partition("#")[2]
        if item.table == "state" and item.key.startswith(Kind.SLOT.prefix) and job_id in found:
            _sent(found[job_id], item.item)
    for job_id, result in raw.results.items():
        if job_id in found and isinstance(result.get("data"), dict):
            found[job_id].fan = str(result["data"].get("fan") or found[job_id].fan)
    for job in found.values():
        if not job.messages:  # the limiter's lines are gone: the first line of all is the nearest
            first = next(it.at for it in raw.lines if it.fields.get("job_id") == job.job_id)
            job.messages.append(Message("", first))
    return {name: it for name, it in found.items() if it.action}


def body(job: Told, redaction: Redaction) -> dict[str, Any]:
    """Make a body that asks for the same: it is a valid job, and no other job's."""
    seed = redaction.pseudonyms.seed(f"body {job.job_id}")
    made: dict[str, Any] = {
        "action": job.action,
        "creator_id": redaction.name("creator")(job.account),
        "timestamp": redaction.iso(float(int(job.messages[0].at))),
        "metadata": {"correlation_id": redaction.name("correlation")(job.correlation_id or job.job_id)},
    }
    if job.priority:
        made["metadata"]["priority"] = job.priority
    match job.action:
        case "send_message" | "get_messages":
            made["user_id"] = redaction.name("fan")(job.fan or f"of {job.job_id}")
            if job.action == "send_message":
                made["message_content"] = synthetic.from_shape(max(job.length, 1), job.kinds, seed)
        case "scrape_profile":
            made["profile_url"] = f"{ORIGIN}/{redaction.name('creator')(job.account)}"
        case "download_media":
            names = (seed.hex()[place : place + 8] for place in range(max(job.media, 1)))
            made["media_urls"] = [f"{ORIGIN}/media/{name}.jpg" for name in names]
    redaction.counts["bodies made"] += 1
    return made


def digest(text: str) -> str:
    """Return a job's id, from its canonical JSON."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _learn(job: Told, line: Mapping[str, Any]) -> None:
    for name, given in _texts(line):
        if given:
            setattr(job, name, given)
    if isinstance(line.get("text_length"), int):
        job.length = line["text_length"]
    if isinstance(line.get("kinds"), list):
        job.kinds = tuple(str(it) for it in line["kinds"])
    if isinstance(line.get("media"), int):
        job.media = min(line["media"], 50)


def _texts(line: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    names = {
        "account": "creator_id",
        "action": "action",
        "correlation_id": "correlation_id",
        "priority": "priority",
        "fan": "fan",
    }
    for name, told_as in names.items():
        value = line.get(told_as)
        yield name, value if isinstance(value, str) else ""


def _arrived(job: Told, message_id: str, at: float) -> None:
    if all(it.message_id != message_id for it in job.messages):
        job.messages.append(Message(message_id, at))


def _sent(job: Told, place: Mapping[str, Any]) -> None:
    """Put the moment that the queue itself told in the place of the first line's."""
    sent_at = number(place.get("sent_at"))
    if sent_at and job.messages:
        message = next((it for it in job.messages if it.message_id == place.get("message_id")), job.messages[0])
        job.messages[job.messages.index(message)] = Message(message.message_id, sent_at / 1000)
