"""Captures an incident: asks, redacts, and only then may anything be written."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from huntaze_scraper.operations.incident import around, logs, stored
from huntaze_scraper.operations.incident.assembly import assemble
from huntaze_scraper.operations.incident.bundle import Bundle
from huntaze_scraper.operations.incident.errors import WrongQuestion
from huntaze_scraper.operations.incident.gathering import Gathering
from huntaze_scraper.operations.incident.question import Question
from huntaze_scraper.operations.incident.raw import Raw, number
from huntaze_scraper.operations.target import Target
from huntaze_scraper.state.job_entry import FINAL
from huntaze_scraper.state.keys import Kind, name_of

ID_LENGTH = 64
BEFORE_SECONDS, AFTER_SECONDS = 60.0, 120.0
"""What is told of the time around a job."""
BEFORE_ALARM_SECONDS, AFTER_ALARM_SECONDS = 1800.0, 600.0
MOST_JOBS = 5_000


def capture(target: Target, question: Question, tell: Callable[[str], None] = lambda _: None) -> Bundle:
    """Return the incident as a bundle; nothing is written, and nothing that is deployed is changed.

    Raises:
        WrongQuestion: nothing is known of what was asked, or there is too much of it.
        SecretSeen: the bundle would say what must not be told.
    """
    raw = _raw(target, question)
    gathering = Gathering(target, raw, tell)
    around.gather_deployed(gathering)
    if question.alarm:
        _narrow_to_alarm(gathering, question)
    job = _complete(gathering, question.job) if question.job else ""
    if job and not question.has_since:
        _narrow_by_state(gathering, job)
    named = {"job_id": job, "correlation_id": question.correlation, "creator_id": question.creator}
    logs.gather(gathering, *next((it for it in named.items() if it[1]), ("", "")))
    job_ids = [job] if job else logs.jobs_in(raw.lines)
    if len(job_ids) > MOST_JOBS:
        raise WrongQuestion(f"{len(job_ids)} jobs lie there, more than {MOST_JOBS}: say --creator, or less time")
    accounts = dict.fromkeys(str(it) for line in raw.lines if (it := line.fields.get("creator_id")))
    if job or question.correlation:
        _narrow_to_job(raw)
    is_logged = bool(raw.lines)  # before what the tasks say, which they say of whomever is asked
    if job or question.correlation or question.creator:
        logs.gather_tasks(gathering)
    logs.gather_limiter_deaths(gathering)
    tell(f"{len(job_ids)} jobs")
    stored.gather_items(gathering, job_ids, accounts)
    stored.gather_letters(gathering, frozenset(job_ids), question.creator)
    if not (is_logged or raw.messages or any(it.key.startswith(Kind.JOB.prefix) for it in raw.items)):
        if raw.missing:
            told = "; ".join(f"{what}: {why}" for what, why in raw.missing.items())
            raise WrongQuestion(f"nothing could be captured ({told}): look at the profile and its rights")
        raise WrongQuestion("nothing is known of that: ask for an earlier --since, or look at the profile and region")
    stored.gather_results(gathering)
    around.gather_alarms(gathering)
    around.gather_scaling(gathering)
    around.gather_service(gathering)
    around.gather_metrics(gathering)
    tell("redacting")
    return assemble(raw, name_of_incident(question, raw))


def name_of_incident(question: Question, raw: Raw) -> str:
    """Name an incident by its time, and by nothing of production."""
    kind = (
        "job"
        if question.job or question.correlation
        else "creator"
        if question.creator
        else "alarm"
        if question.alarm
        else "time"
    )
    at = datetime.fromtimestamp(raw.lines[0].at if raw.lines else raw.begin, UTC)
    return f"{kind}-{at:%Y%m%d-%H%M%S}"


def _raw(target: Target, question: Question) -> Raw:
    try:
        made_by = version("huntaze-scraper")
    except PackageNotFoundError:
        made_by = "unknown"
    return Raw(
        asked=question.words,
        begin=question.since.timestamp(),
        end=question.until.timestamp(),
        captured_at=target.now().timestamp(),
        versions={"huntaze-scraper": made_by},
    )


def _complete(gathering: Gathering, beginning: str) -> str:
    """Return the whole id of the one job whose id begins so."""
    if len(beginning) == ID_LENGTH:
        return beginning
    found: set[str] = set()
    with gathering.part("the job's id", "dynamodb:Scan"):
        keys = gathering.target.state.find_keys(Kind.JOB.key(beginning), Kind.SLOT.key(beginning))
        found = {name_of(key) for key in keys}
    if "the job's id" in gathering.raw.missing:
        raise WrongQuestion("without dynamodb:Scan a beginning of an id is not enough: give all of its 64 digits")
    if len(found) != 1:
        raise WrongQuestion(f"{len(found) or 'no'} jobs begin with {beginning}: give more of its id")
    (job,) = found
    gathering.raw.asked = {**gathering.raw.asked, "job": job}
    return job


def _narrow_by_state(gathering: Gathering, job: str) -> None:
    """Look for a job's lines where they are: from its sending on, and until its end; a month's log takes long."""
    raw = gathering.raw
    with gathering.part("items of the state table", "dynamodb:BatchGetItem"):
        found = {it.key: it.item for it in stored.items(gathering, [Kind.JOB.key(job), Kind.SLOT.key(job)])}
        sent_at = number(found.get(Kind.SLOT.key(job), {}).get("sent_at")) / 1000
        entry = found.get(Kind.JOB.key(job), {})
        if sent_at:
            raw.begin = max(raw.begin, sent_at - BEFORE_SECONDS)
        if entry.get("state") in set(FINAL):
            raw.end = min(raw.end, number(entry.get("ended_at")) + AFTER_SECONDS)


def _narrow_to_job(raw: Raw) -> None:
    """Tell of the time around a job, not of all that was searched for it."""
    own = [it.at for it in raw.lines if it.fields.get("job_id")]
    if own:
        raw.begin = max(raw.begin, min(own) - BEFORE_SECONDS)
        raw.end = min(raw.end, max(own) + AFTER_SECONDS)
        raw.lines = [it for it in raw.lines if raw.begin <= it.at <= raw.end]


def _narrow_to_alarm(gathering: Gathering, question: Question) -> None:
    """Tell of the time around the alarm's last change to ALARM."""
    raw = gathering.raw
    changes: list[tuple[float, str, str, str]] = []
    with gathering.part("alarm history", "cloudwatch:DescribeAlarmHistory"):
        changes = around.alarm_changes(gathering, raw.begin, raw.end, question.alarm)
    if why := raw.missing.get("alarm history"):
        raise WrongQuestion(f"when the alarm was loud cannot be read ({why}): say --since and --until instead")
    loud = [at for at, _, _, after in changes if after == "ALARM"]
    if not loud:
        since = question.since.isoformat(timespec="minutes")
        raise WrongQuestion(f"alarm {question.alarm[:80]!r} was not loud since {since}: ask for an earlier --since")
    if not question.has_since:
        raw.begin, raw.end = max(loud) - BEFORE_ALARM_SECONDS, min(raw.end, max(loud) + AFTER_ALARM_SECONDS)
