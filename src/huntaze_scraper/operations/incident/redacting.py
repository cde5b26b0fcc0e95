"""Redacts a bundle once more, by today's rules: what an older version let through, or a hand has written into it."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from huntaze_scraper import jobs
from huntaze_scraper.operations.incident import rules, sieve, spans
from huntaze_scraper.operations.incident.bundle import (
    AlarmChange,
    Answer,
    Bundle,
    Ending,
    Expected,
    Happening,
    Line,
    SentJob,
    StateItem,
)
from huntaze_scraper.operations.incident.made_jobs import digest
from huntaze_scraper.operations.incident.redaction import DROPPED, Redaction
from huntaze_scraper.state.keys import Kind, name_of, renamed


def redact(bundle: Bundle) -> Bundle:
    """Return the bundle with every name, text and id made anew, and nothing that today's rules do not know.

    Raises:
        SecretSeen: something in it still looks like what must not be told.
    """
    redaction = Redaction()
    _Again(bundle, redaction).bundle()
    redaction.settle()
    redacted = _Again(bundle, redaction).bundle()
    replaced = (*redaction.pseudonyms.names, *redaction.texts)
    sieve.refuse([asdict(redacted)], replaced, frozenset(redaction.made))
    return redacted


class _Again:
    """One run over a bundle."""

    def __init__(self, bundle: Bundle, redaction: Redaction) -> None:
        self._was = bundle
        self._redaction = redaction
        self._name = redaction.name("creator")
        self._bodies: dict[str, Any] = {}

    def bundle(self) -> Bundle:
        was, redaction = self._was, self._redaction
        for job in was.jobs:
            self._bodies.setdefault(job.job_id, self._body(job.body))
            if job.job_id:
                redaction.job_ids[job.job_id] = digest(jobs.canonical_json(self._bodies[job.job_id]))
        sent = tuple(self._job(it) for it in was.jobs)
        allowed = rules.of_line(redaction)
        lines = tuple(
            Line(at_seconds=it.at_seconds, source=it.source, fields=redaction.only(allowed, it.fields))
            for it in was.lines
        )
        counts = dict(sorted(redaction.counts.items()))
        manifest = was.manifest
        missing = tuple(replace(it, what=self._said(it.what), why=self._said(it.why)) for it in manifest.missing)
        asked = {name: self._asked(name, value) for name, value in manifest.asked.items()}
        return replace(
            was,
            manifest=replace(manifest, redactions=counts, missing=missing, asked=asked),
            jobs=sent,
            state=tuple(it for each in was.state if (it := self._item(each)) is not None),
            answers=tuple(self._answer(it) for it in was.answers),
            script=tuple(self._step(it) for it in was.script),
            lines=lines,
            spans=spans.of(sent, lines, was.t0.timestamp()),
            expected=self._expected(was.expected),
        )

    def _body(self, body: Mapping[str, Any] | str) -> dict[str, Any] | str:
        if isinstance(body, str):
            return str(self._redaction.text(body))
        return self._redaction.only(rules.of_job(self._redaction), body)

    def _job(self, job: SentJob) -> SentJob:
        body = self._bodies[job.job_id] if job.job_id else self._body(job.body)
        attributes = self._redaction.only(rules.of_attributes(self._redaction), job.attributes)
        return replace(
            job,
            message_id=str(self._redaction.name("message")(job.message_id) or ""),
            job_id=self._id(job.job_id),
            account=self._account(job.account),
            action=self._word(job.action),
            body=body,
            attributes={name: str(value) for name, value in attributes.items() if value is not None},
        )

    def _item(self, item: StateItem) -> StateItem | None:
        kind, name = item.key.partition("#")[0], name_of(item.key)
        if item.table == "line":
            fields = self._redaction.only(rules.of_waiting(self._redaction), item.item)
            fields["body"] = str(self._redaction.text(str(item.item.get("body", ""))))
            place = item.sort if set(item.sort) <= set("0123456789#") else ""
            return replace(item, key=f"{self._word(kind)}#{self._account(name)}", sort=place, item=fields)
        allowed = rules.of_item(self._redaction, kind)
        if allowed is None:
            return None
        is_job = kind in (Kind.JOB, Kind.SLOT)
        key = f"{kind}#{self._id(name)}" if is_job else renamed(item.key, self._account)
        return replace(item, key=key, sort="", item=self._redaction.only(allowed, item.item))

    def _answer(self, answer: Answer) -> Answer:
        content = answer.response["content"]
        return replace(
            answer,
            account=self._account(answer.account),
            job_id=self._id(answer.job_id),
            request={**answer.request, "url": str(self._redaction.path(answer.request["url"]))},
            response={**answer.response, "content": {**content, "mimeType": self._redaction.mime(content["mimeType"])}},
        )

    def _step(self, step: Happening) -> Happening:
        arguments = {name: self._said(it) if isinstance(it, str) else it for name, it in step.arguments.items()}
        return replace(step, arguments=arguments)

    def _expected(self, was: Expected) -> Expected:
        return Expected(
            jobs=tuple(self._ending(it) for it in was.jobs),
            order={self._account(name): tuple(self._id(it) for it in ids) for name, ids in was.order.items()},
            alarms=tuple(self._change(it) for it in was.alarms),
        )

    def _ending(self, it: Ending) -> Ending:
        return replace(
            it, job_id=self._id(it.job_id), account=self._account(it.account), error_class=self._word(it.error_class)
        )

    def _change(self, it: AlarmChange) -> AlarmChange:
        return replace(
            it, alarm=self._redaction.alarm(it.alarm), before=self._said(it.before), after=self._said(it.after)
        )

    def _asked(self, name: str, value: str) -> str:
        kinds = {
            "job": self._id,
            "creator": self._account,
            "correlation": self._account,
            "alarm": self._redaction.alarm,
            "since": self._redaction.moment,
            "until": self._redaction.moment,
        }
        return str(kinds.get(name, self._said)(value))

    def _id(self, job_id: str) -> str:
        new = self._redaction.job_id(job_id) if job_id else ""
        return new if isinstance(new, str) else ""

    def _account(self, name: str) -> str:
        return str(self._name(name) or "")

    def _word(self, text: str) -> str:
        told = self._redaction.word(text)
        return "" if told is DROPPED or told is None else str(told)

    def _said(self, text: str) -> str:
        return str(self._redaction.sentence(text))
