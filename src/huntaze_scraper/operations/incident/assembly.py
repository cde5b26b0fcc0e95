"""From what was found to what may be told: a bundle, with nothing in it that no rule has let through. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.operations.incident import around_lines, made_jobs, rules, sieve, spans
from huntaze_scraper.operations.incident.answers import answers
from huntaze_scraper.operations.incident.bundle import (
    AlarmChange,
    Bundle,
    Happening,
    Line,
    Manifest,
    Missing,
    Reading,
    SentJob,
    StateItem,
)
from huntaze_scraper.operations.incident.endings import expected
from huntaze_scraper.operations.incident.raw import Raw, RawItem, RawLine, RawMessage, number
from huntaze_scraper.operations.incident.redaction import DROPPED, Redaction
from huntaze_scraper.settings import SCOPES
from huntaze_scraper.state.keys import Kind, name_of, renamed

LEAD_SECONDS = 2.0
"""Between t0 and the first job."""


def assemble(raw: Raw, name: str) -> Bundle:
    """Make the bundle.

    Raises:
        SecretSeen: something in it looks like what must not be told.
    """
    redaction = Redaction()
    _Assembly(raw, redaction).bundle(name)  # meets every name, so that the order of all is known
    redaction.settle()
    bundle = _Assembly(raw, redaction).bundle(name)
    replaced = (*redaction.pseudonyms.names, *redaction.texts)
    sieve.refuse([asdict(bundle)], replaced, frozenset(redaction.made))
    return bundle


class _Assembly:
    """One run over everything that was found."""

    def __init__(self, raw: Raw, redaction: Redaction) -> None:
        self._raw = raw
        self._redaction = redaction
        self._t0 = _beginning(raw)
        self._creator = redaction.name("creator")
        self._written: dict[str, Any] = {}
        """Each job's redacted body, by the id that it had."""

    def bundle(self, name: str) -> Bundle:
        raw, redaction = self._raw, self._redaction
        sent = self._jobs()  # first: all else names jobs by the ids that they get here
        lines = tuple(self._lines())
        endings = expected(raw, redaction, self._t0)
        steps = sorted((*raw.steps, *around_lines.steps(raw.lines, raw.steps)), key=lambda it: it.at)
        bundle = Bundle(
            manifest=Manifest(
                name=name,
                t0=redaction.iso(self._t0),
                span_seconds=round(max(raw.end - self._t0, 0.0), 3),
                captured_at=redaction.iso(raw.captured_at),
                asked=self._asked(),
                versions=raw.versions,
                digests={name: digest for name, digest in raw.digests.items() if digest},
                settings=self._settings(),
                missing=tuple(Missing(what=what, why=why) for what, why in sorted(raw.missing.items())),
            ),
            jobs=sent,
            state=tuple(self._state()),
            answers=answers(raw, redaction, self._t0),
            script=tuple(
                Happening(at_seconds=self._offset(it.at), verb=it.verb, arguments=self._arguments(it.arguments))
                for it in steps
            ),
            lines=lines,
            metrics=tuple(
                Reading(at_seconds=self._offset(it.at), metric=it.metric, queue=it.queue, value=it.value)
                for it in raw.readings
            ),
            spans=spans.of(sent, lines, self._t0),
            expected=replace(
                endings,
                alarms=tuple(
                    AlarmChange(
                        at_seconds=self._offset(it.at), alarm=self._alarm(it.alarm), before=it.before, after=it.after
                    )
                    for it in raw.changes
                ),
            ),
        )
        return replace(bundle, manifest=replace(bundle.manifest, redactions=dict(sorted(redaction.counts.items()))))

    def _offset(self, at: float) -> float:
        return round(at - self._t0, 3)

    def _asked(self) -> dict[str, str]:
        correlation = self._redaction.name("correlation")
        kinds = {
            "job": self._redaction.job_id,
            "correlation": correlation,
            "creator": self._creator,
            "alarm": self._alarm,
        }
        told = {name: kinds[name](value) if name in kinds else value for name, value in self._raw.asked.items()}
        return {name: str(value) for name, value in told.items() if value not in (None, DROPPED)}

    def _settings(self) -> dict[str, str]:
        """Tell the limit's settings: numbers and the scope, and nothing that is neither."""
        found = {name: it for name, it in self._raw.settings.items() if name.startswith("RATE_LIMIT_")}
        return {name: it for name, it in found.items() if it in SCOPES or it.replace(".", "", 1).isdecimal()}

    def _alarm(self, name: str) -> str:
        return self._redaction.alarm(name)

    def _arguments(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: self._redaction.sentence(value) if isinstance(value, str) else value
            for name, value in arguments.items()
        }

    def _lines(self) -> Iterator[Line]:
        allowed = rules.of_line(self._redaction)
        for line in self._raw.lines:
            fields = self._redaction.only(allowed, line.fields)
            yield Line(at_seconds=self._offset(line.at), source=line.source, fields=fields)

    def _jobs(self) -> tuple[SentJob, ...]:
        """Redact every job that is known, by its message or by the log, and give it the id of what is left."""
        bodies = _bodies(self._raw)
        told = made_jobs.told(self._raw)
        for job_id in dict.fromkeys((*bodies, *told)):
            body = (
                self._body(bodies[job_id].body) if job_id in bodies else made_jobs.body(told[job_id], self._redaction)
            )
            self._name(job_id, body)
        sent = [self._sent(message, it, bodies.get(job_id)) for job_id, it in told.items() for message in it.messages]
        lying = [self._lying(it) for it in self._raw.messages]
        return tuple(sorted((*sent, *lying), key=lambda it: it.at_seconds))

    def _name(self, job_id: str, body: Mapping[str, Any] | str) -> None:
        """Give the job its new id. Two jobs never become one: short texts may have become alike."""
        text = jobs.canonical_json(body)
        taken = {it: old for old, it in self._redaction.job_ids.items()}
        new = made_jobs.digest(text)
        if taken.get(new, job_id) != job_id and isinstance(body, dict):
            body.setdefault("metadata", {})
            if isinstance(body["metadata"], dict):
                body["metadata"]["correlation_id"] = self._redaction.name("correlation")(job_id)
            new = made_jobs.digest(jobs.canonical_json(body))
        self._redaction.job_ids[job_id] = new
        self._written[job_id] = body

    def _sent(self, message: made_jobs.Message, told: made_jobs.Told, source: RawMessage | None) -> SentJob:
        body = self._written[told.job_id]
        return SentJob(
            at_seconds=self._offset(message.at),
            queue="ingress",
            message_id=str(self._redaction.name("message")(message.message_id) or ""),
            job_id=self._redaction.job_ids[told.job_id],
            account=str(self._creator(told.account) or ""),
            action=str(_or_empty(self._redaction.word(told.action))),
            body=body,
            attributes={},
            origin="message" if source else "log",
        )

    def _lying(self, message: RawMessage) -> SentJob:
        job_id = _job_id(message.body)
        body = self._written.get(job_id) if job_id else None
        parsed = self._body(message.body) if body is None else body
        action = parsed.get("action", "") if isinstance(parsed, dict) else ""
        attributes = self._redaction.only(rules.of_attributes(self._redaction), message.attributes)
        return SentJob(
            at_seconds=self._offset(message.at),
            queue=message.queue,
            message_id=str(self._redaction.name("message")(message.message_id) or ""),
            job_id=self._redaction.job_ids.get(job_id, ""),
            account=str(self._creator(message.account) or ""),
            action=action if isinstance(action, str) else "",
            body=parsed,
            attributes={name: str(value) for name, value in attributes.items() if value is not None},
        )

    def _body(self, text: str) -> dict[str, Any] | str:
        """Redact a body; what is no JSON object becomes a text that is none, either."""
        try:
            payload = jobs.read(text)
        except InvalidJob:
            return str(self._redaction.text(text))
        return self._redaction.only(rules.of_job(self._redaction), payload)

    def _state(self) -> Iterator[StateItem]:
        for item in self._raw.items:
            told = self._waiting(item) if item.table == "line" else self._item(item)
            if told is not None:
                yield told

    def _item(self, item: RawItem) -> StateItem | None:
        kind = item.key.partition("#")[0]
        allowed = rules.of_item(self._redaction, kind)
        key = self._key(kind, item.key)
        if allowed is None or key is None:
            self._redaction.counts["dropped"] += 1
            return None
        return StateItem(
            table="state",
            key=key,
            as_of="t0" if _is_older(item, kind, self._t0, self._raw.lines) else "capture",
            item=self._redaction.only(allowed, item.item),
        )

    def _key(self, kind: str, key: str) -> str | None:
        if kind in (Kind.JOB, Kind.SLOT):
            new = self._redaction.job_id(name_of(key))
            return None if new is DROPPED or new is None else f"{kind}#{new}"
        return renamed(key, self._creator)

    def _waiting(self, item: RawItem) -> StateItem:
        priority, _, account = item.key.partition("#")
        fields = self._redaction.only(rules.of_waiting(self._redaction), item.item)
        body = str(item.item.get("body", ""))
        written = self._written.get(_job_id(body))
        fields["body"] = jobs.canonical_json(written) if written is not None else str(self._redaction.text(body))
        place = item.sort if set(item.sort) <= set("0123456789#") else ""
        told = str(_or_empty(self._redaction.word(priority)))
        return StateItem(table="line", key=f"{told}#{self._creator(account)}", sort=place, as_of="capture", item=fields)


def _beginning(raw: Raw) -> float:
    """Return t0, a whole second before the first job was sent, and not before what was asked for where that was said."""
    moments = [message.at for it in made_jobs.told(raw).values() for message in it.messages]
    first = min([*moments, *(it.at for it in raw.messages if it.at >= raw.begin)], default=raw.begin)
    return float(int(first - LEAD_SECONDS))


def _bodies(raw: Raw) -> dict[str, RawMessage]:
    """Return the messages that still lie somewhere, by the id of the job that they hold."""
    waiting = [
        RawMessage(
            at=number(it.item.get("sent_at")) / 1000,
            queue="ingress",
            message_id=str(it.item.get("message_id", "")),
            body=str(it.item.get("body", "")),
            attributes={},
        )
        for it in raw.items
        if it.table == "line"
    ]
    found = ((_job_id(it.body), it) for it in (*raw.messages, *waiting))
    return {job_id: it for job_id, it in found if job_id}


def _job_id(body: str) -> str:
    try:
        return jobs.parse(body).job_id
    except InvalidJob:
        return ""


def _is_older(item: RawItem, kind: str, t0: float, lines: Iterable[RawLine]) -> bool:
    """Tell whether nothing has written the item since t0."""
    held = item.item
    match kind:
        case Kind.JOB:
            return 0 < number(held.get("ended_at")) < t0
        case Kind.SLOT:
            return 0 < number(held.get("forwarded_at")) / 1000 < t0
        case Kind.PAUSE:
            account = name_of(item.key)
            return not any(_pauses(it.fields) and it.fields.get("creator_id") == account for it in lines)
    return False


def _pauses(line: Mapping[str, Any]) -> bool:
    """Tell whether a line says that its account is to rest from then on: by a word of its own, or as a job's end."""
    return line.get("event") in ("account_paused", "account_rests") or line.get("status") == "rate_limited"


def _or_empty(value: Any) -> Any:
    return "" if value is DROPPED or value is None else value
