"""Jobs as the log tells them: when each message was sent, and a body in the place of the one that is gone."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, get_args

from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.jobs import Priority
from huntaze_scraper.operations.incident import synthetic
from huntaze_scraper.operations.incident.raw import Raw, number
from huntaze_scraper.operations.incident.redaction import ORIGIN, Redaction
from huntaze_scraper.rate_limiter.shape import conversation
from huntaze_scraper.state.keys import Kind

ACTIONS: tuple[str, ...] = get_args(jobs.Action.__value__)
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
    fans = dict(_fans(raw, found))
    for job in found.values():
        job.fan = fans.get(job.job_id) or fans.get(job.fan) or job.fan
    for job in found.values():
        if not job.messages:  # the limiter's lines are gone: the first line of all is the nearest
            first = next(it.at for it in raw.lines if it.fields.get("job_id") == job.job_id)
            job.messages.append(Message("", first))
    return {name: it for name, it in found.items() if it.action in ACTIONS}


def body(job: Told, redaction: Redaction) -> dict[str, Any]:
    """Make a body that asks for the same: it is a valid job, and no other job's."""
    seed = redaction.pseudonyms.seed(f"body {job.job_id}")
    made: dict[str, Any] = {
        "action": job.action,
        "creator_id": redaction.name("creator")(job.account),
        "timestamp": redaction.iso(float(int(job.messages[0].at))),
        "metadata": {"correlation_id": redaction.name("correlation")(job.correlation_id or job.job_id)},
    }
    if job.priority in set(Priority):
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


def _fans(raw: Raw, found: Mapping[str, Told]) -> Iterator[tuple[str, str]]:
    """Yield fans whom results and bodies name: by job, and by what stands for them in the log."""
    for job_id, result in raw.results.items():
        data = result.get("data")
        fan = data.get("fan") if isinstance(data, dict) else None
        if job_id in found and isinstance(fan, str) and fan:
            yield job_id, fan
            yield conversation(found[job_id].account, fan), fan
    for message in raw.messages:
        with suppress(InvalidJob):
            job = jobs.parse(message.body)
            fan = job.payload.get("user_id")
            if fan:
                yield conversation(job.account, str(fan)), str(fan)


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
