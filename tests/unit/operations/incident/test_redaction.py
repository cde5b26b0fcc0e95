"""Whatever production's names, texts and secrets are, and in whichever field of whichever source they stand."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.harness.places import ROOT
from huntaze_scraper.operations.incident import rules, sieve
from huntaze_scraper.operations.incident.assembly import assemble
from huntaze_scraper.operations.incident.bundle import Bundle, Verb
from huntaze_scraper.operations.incident.errors import SecretSeen
from huntaze_scraper.operations.incident.raw import Raw, RawChange, RawItem, RawLine, RawMessage, RawStep, Source
from huntaze_scraper.operations.incident.reading import job_of, read_bundle
from huntaze_scraper.operations.incident.redacting import redact
from huntaze_scraper.operations.incident.redaction import Redaction
from huntaze_scraper.operations.incident.writing import contents, write_bundle
from huntaze_scraper.rate_limiter import shape
from huntaze_scraper.telemetry.redaction import REDACTED, Redactor
from tests.unit.operations.incident.example import example

NOW = 1_772_366_400.0
CREATOR, FAN = "anna.real", "bernd-the-fan"
ORDINARY: dict[str, Any] = {
    "action": "send_message",
    "creator_id": CREATOR,
    "user_id": FAN,
    "timestamp": "2026-03-01T12:00:00Z",
    "message_content": "Liebe Grüße, dein Schätzchen 😊",
    "metadata": {"correlation_id": "order-4711-anna", "campaign_id": "easter", "priority": "high"},
}


def limiter_line(job_id: str, **fields: Any) -> dict[str, Any]:
    known = {
        "message": "rate limit decision",
        "job_id": job_id,
        "message_id": "0f0e-message",
        "creator_id": CREATOR,
        "action": "send_message",
        "forwarding": "forwarded",
        "correlation_id": "order-4711-anna",
        "allowed": True,
    }
    return known | fields


def scraper_line(job_id: str, **fields: Any) -> dict[str, Any]:
    return {"event": "job_ended", "job_id": job_id, "creator_id": CREATOR, "action": "send_message"} | fields


def raw(**fields: Any) -> Raw:
    return Raw(asked={"since": "2026-03-01T12:00:00+00:00"}, begin=NOW, end=NOW + 600, captured_at=NOW + 700, **fields)


def message(body: str, **attributes: str) -> RawMessage:
    return RawMessage(
        at=NOW + 50, queue="workflows_dlq", message_id="0f0e-message", body=body, attributes=attributes, account=CREATOR
    )


def every_place(mark: str) -> Iterator[Raw]:
    """Yield one capture for each field of each source, with the mark in it; and for fields that nobody knows."""
    job = job_of(ORDINARY)
    assert job is not None
    job_id = job.job_id
    yield from in_lines(mark, job_id)
    yield from in_messages(mark, job_id)
    yield from in_items(mark, job_id)
    for name in ("fan", "message_id", "text", "files", mark):
        result = {"data": {name: mark}, "error": {"class": mark, "reason": mark, "request": mark, "status": mark}}
        yield raw(lines=[_first(job_id)], results={job_id: result})
    found = raw(lines=[_first(job_id)])
    found.changes.append(RawChange(at=NOW, alarm=f"{mark} alarm", before="OK", after="ALARM"))
    found.steps.append(RawStep(at=NOW, verb=Verb.STOP_TASK, arguments={"reason": f"stopped by {mark}"}))
    found.settings |= {"RATE_LIMIT_SCOPE": mark, "LINE_TABLE": mark, "SECRET": mark}
    found.asked = {"creator": mark, "alarm": mark}
    yield found


def in_lines(mark: str, job_id: str) -> Iterator[Raw]:
    for name in (*rules.of_line(Redaction()), "password", "unknown", "location"):
        values = (mark, f"the site failed: {mark}", {"text": [mark], mark: 1})
        told = [
            [
                RawLine(at=NOW + 9, source="limiter", fields=limiter_line(job_id) | {name: value}),
                RawLine(at=NOW + 9, source="scraper", fields=scraper_line(job_id) | {name: value}),
            ]
            for value in values
        ]
        yield raw(lines=[_first(job_id), *chain(*told)], messages=[message(json.dumps(ORDINARY))])
        for lines in told:  # of which alone the job is made
            yield raw(lines=lines)


def in_messages(mark: str, job_id: str) -> Iterator[Raw]:
    base = json.dumps(ORDINARY)
    for name in (*rules.of_job(Redaction()), "password", "unknown"):
        for odd in (mark, [mark], {"a": mark, "correlation_id": mark, mark: 2}):
            body = json.dumps(ORDINARY | {name: odd}, ensure_ascii=False)
            yield raw(lines=[_first(job_id)], messages=[message(body)])
    yield raw(lines=[_first(job_id)], messages=[message(mark), message(json.dumps([mark])), message("{" + mark)])
    for name in (*rules.of_attributes(Redaction()), "producer_attributes", "trace", mark):
        yield raw(lines=[_first(job_id)], messages=[message(base, **{name: mark})])


def in_items(mark: str, job_id: str) -> Iterator[Raw]:
    for kind in ("job", "slot", "pause", "bucket", "turn", "requests", "session", mark):
        for name in (*(rules.of_item(Redaction(), kind) or {}), "progress", "effect_mark", "line", "secret", mark):
            key = job_id if kind in ("job", "slot") else CREATOR
            items = [RawItem(table="state", key=f"{kind}#{key}", item={"state": "done"} | {name: mark})]
            yield raw(lines=[_first(job_id)], items=items)
        yield raw(lines=[_first(job_id)], items=[RawItem(table="state", key=f"{kind}#{mark}", item={})])
    for name in (*rules.of_waiting(Redaction()), "receipt_handle", "attributes", "body"):
        held = {"body": json.dumps(ORDINARY), "message_id": "0f0e-message"} | {name: mark}
        items = [RawItem(table="line", key=f"high#{mark}", sort=f"{mark}#1", item=held)]
        yield raw(lines=[_first(job_id)], items=items)


def _first(job_id: str, source: Source = "limiter") -> RawLine:
    return RawLine(at=NOW + 5, source=source, fields=limiter_line(job_id))


def all_text(bundle: Bundle) -> str:
    return "\n".join(contents(bundle).values())


@pytest.mark.parametrize(
    "mark",
    [
        "Kx7äq9wLm42p",
        "Zebrastreifen 4711 von Anna",
        "=3Cscript=3EZebra=281=29=3C=2Fscript=3E4711",
        "wJalrXUtnFEMIK7MDENGbPxRfiCYXMPLKY1",
        "password: hunter22x4711",
    ],
    ids=["a name", "words", "a hostile name, quoted", "a key", "a key and its value"],
)
def test_a_mark_in_any_field_of_any_source_is_in_no_bundle(mark: str) -> None:
    """A mark is planted in every field of every source, one after the other: no bundle has it, in any spelling.

    None is refused either: the last look is the net under redaction, and not how it works.
    """
    look = Redactor()
    look.learn(mark, CREATOR, FAN, "Schätzchen")
    for place, found in enumerate(every_place(mark)):
        written = all_text(assemble(found, "planted"))
        for secret in (mark, CREATOR, FAN, "Schätzchen", "order-4711"):
            assert secret not in written, place
        assert REDACTED not in look.text(written), place


def test_equal_stays_equal_and_order_survives() -> None:
    """One name has one pseudonym wherever it stands; what sorts before another still does; a new capture has new ones."""
    bodies = [ORDINARY | {"creator_id": name, "user_id": f"fan-of-{name}"} for name in ("zoe", "anna", "mia")]
    jobs = [job_of(it) for it in bodies]
    lines = [
        RawLine(at=NOW + place, source="limiter", fields=limiter_line(job.job_id, creator_id=job.account))
        for place, job in enumerate(jobs)
        if job
    ]
    found = raw(lines=lines, messages=[message(json.dumps(it)) for it in bodies])
    one, other = assemble(found, "one"), assemble(found, "other")

    sent = [it for it in one.jobs if it.queue == "ingress"]
    accounts = [it.account for it in sent]
    assert len(set(accounts)) == 3
    assert sorted(accounts) == [accounts[1], accounts[2], accounts[0]]
    assert [it.body["creator_id"] for it in sent if isinstance(it.body, dict)] == accounts
    assert [it.fields["creator_id"] for it in one.lines] == accounts
    assert {it.account for it in one.jobs}.isdisjoint(it.account for it in other.jobs)


def test_a_fan_is_one_fan_whether_its_message_is_there_or_only_its_line() -> None:
    """The limiter's line names the conversation by a hash: a job made from it has the fan of those whose bodies are known."""
    known = job_of(ORDINARY)
    assert known is not None
    gone = "ab" * 32
    lines = [_first(known.job_id), RawLine(at=NOW + 6, source="limiter", fields=limiter_line(gone) | shape.of(known))]
    bundle = assemble(raw(lines=lines, messages=[message(json.dumps(ORDINARY))]), "fans")

    made = [it for it in bundle.jobs if it.queue == "ingress"]
    assert {it.origin for it in made} == {"message", "log"}
    assert len({it.body["user_id"] for it in made if isinstance(it.body, dict)}) == 1
    (text,) = [it.body["message_content"] for it in made if it.origin == "log" and isinstance(it.body, dict)]
    assert len(text) == len(ORDINARY["message_content"])
    assert "\N{GRINNING FACE}" in text


def test_ids_that_are_hashes_are_made_anew_everywhere() -> None:
    """A job's id is the hash of what is left of its body, in jobs, lines, items and what is expected."""
    job = job_of(ORDINARY)
    assert job is not None
    found = raw(
        lines=[_first(job.job_id), RawLine(at=NOW + 9, source="scraper", fields=scraper_line(job.job_id))],
        messages=[message(json.dumps(ORDINARY))],
        items=[RawItem(table="state", key=f"job#{job.job_id}", item={"state": "dead", "account": CREATOR})],
    )
    bundle = assemble(found, "hashes")

    (new,) = {it.job_id for it in bundle.jobs}
    left = job_of(bundle.jobs[0].body)
    assert left is not None
    assert left.job_id == new != job.job_id
    assert {it.fields["job_id"] for it in bundle.lines} == {new}
    assert [it.key for it in bundle.state] == [f"job#{new}"]
    assert [(it.job_id, it.end) for it in bundle.expected.jobs] == [(new, "dead")]
    assert job.job_id not in all_text(bundle)


@given(st.lists(st.sampled_from("ab"), min_size=2, max_size=12))
@settings(max_examples=10)
def test_two_jobs_never_become_one(letters: list[str]) -> None:
    """Jobs that differ in a letter alone have ids of their own still."""
    bodies = [ORDINARY | {"message_content": it * (place + 1)} for place, it in enumerate(letters)]
    bodies += [ORDINARY | {"message_content": it} for it in "abcdefghijklmnopqrstuvwxyz"]
    known = {job.job_id for it in bodies if (job := job_of(it))}
    bundle = assemble(raw(messages=[message(json.dumps(it)) for it in bodies]), "many")
    assert len({it.job_id for it in bundle.jobs}) == len(known)


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.x",
        "-----BEGIN RSA PRIVATE KEY-----",
        "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP",
        "Bearer abcdefgh12345",
        "https://me:pass@host/",
        "password=hunter22",
        "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY1",
    ],
)
def test_the_last_look_refuses_what_looks_like_a_secret(secret: str) -> None:
    """Whatever looks like a secret is not written, and not repeated in the refusal."""
    with pytest.raises(SecretSeen) as refused:
        sieve.refuse([{"note": f"x {secret} y"}], [], frozenset())
    assert secret not in str(refused.value)


def test_the_last_look_finds_what_was_replaced_elsewhere() -> None:
    """A name that was replaced in one place and left in another stops the whole, however it is spelt there."""
    for spelt in ("grüner-baum-17", "gr\\u00fcner-baum-17", "gr%C3%BCner-baum-17"):
        with pytest.raises(SecretSeen):
            sieve.refuse([{"why": f"asked for {spelt}"}], ["grüner-baum-17"], frozenset())


def test_a_bundle_is_redacted_anew() -> None:
    """An old bundle, or one that a hand wrote into, keeps its shape and loses every name, text, id and unknown field."""
    was = example()
    line = was.lines[0]
    spoilt = {"reason": "the site failed for Anna Schmidt", "extra": "geheim-4711", "creator_id": was.jobs[0].account}
    dirty = Bundle(**{**_fields(was), "lines": (type(line)(**{**_fields(line), "fields": {**line.fields, **spoilt}}),)})

    made = redact(dirty)

    text = all_text(made)
    for gone in ("Schmidt", "geheim-4711", "Kamo beki", was.jobs[0].job_id, was.jobs[0].account):
        assert gone not in text
    (job,) = made.jobs
    left = job_of(job.body)
    assert left is not None
    assert left.job_id == job.job_id == made.expected.jobs[0].job_id == made.answers[0].job_id
    assert isinstance(job.body, Mapping)
    assert "😊\r\n" in str(job.body["message_content"])
    assert made.answers[0].request["url"] == was.answers[0].request["url"]
    assert [it.verb for it in made.script] == [it.verb for it in was.script]


def test_what_was_asked_is_told_after_a_redaction_anew() -> None:
    """Its moments and the alarm's name stay what they are, and whoever was asked for gets another pseudonym."""
    moments = {"since": "2026-03-01T11:00:00+00:00", "until": "2026-03-01T13:00:00+00:00"}
    was = example()
    creator = was.jobs[0].account
    asked = {"creator": creator, "alarm": "dlq_messages_warning", **moments}

    made = redact(replace(was, manifest=replace(was.manifest, asked=asked)))

    assert made.manifest.asked == {**asked, "creator": made.jobs[0].account}
    assert made.jobs[0].account != creator


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in asdict(record)}


def test_every_alarm_keeps_its_name() -> None:
    """The names that the templates give are told whole; target tracking's own lose AWS's id."""
    template = json.loads((ROOT / "tests/unit/infra/snapshots/Observability.json").read_text())
    named = [it["Properties"]["AlarmName"] for it in template["Resources"].values() if "AlarmName" in it["Properties"]]
    assert named
    redaction = Redaction()
    assert [redaction.alarm(it) for it in named] == named
    tracking = "TargetTracking-service/huntaze-cluster/anna-AlarmHigh-0b1c2d3e-1111-2222-3333-444455556666"
    assert redaction.alarm(tracking) == "TargetTracking-AlarmHigh"


def test_a_hundred_jobs_make_a_small_bundle(tmp_path: Path) -> None:
    """With seven lines, two items, three answers and a span each: less than 256 KB."""
    bodies = [ORDINARY | {"creator_id": f"creator.{number % 20}", "since": str(number)} for number in range(100)]
    lines, items = [], []
    for place, body in enumerate(bodies):
        job = job_of(body)
        assert job is not None
        answer = {"event": "site_answered", "method": "GET", "path": "/my/chats", "http_status": 200, "total_ms": 40}
        told = [limiter_line(job.job_id), *(scraper_line(job.job_id) | answer for _ in range(5))]
        told.append(scraper_line(job.job_id, status="succeeded", duration_ms=900))
        source: Source
        for after, fields in enumerate(told):
            source = "limiter" if after == 0 else "scraper"
            lines.append(RawLine(at=NOW + place * 6 + after, source=source, fields=fields))
        for kind in ("job", "slot"):
            held = {"state": "done", "account": job.account, "ended_at": NOW + 7, "attempts": 1, "sent_at": NOW * 1000}
            items.append(RawItem(table="state", key=f"{kind}#{job.job_id}", item=held))

    write_bundle(assemble(raw(lines=lines, items=items), "hundred"), tmp_path / "incident.zip")

    assert len(read_bundle(tmp_path / "incident.zip").expected.jobs) == 100
    assert (tmp_path / "incident.zip").stat().st_size < 256 * 1024
