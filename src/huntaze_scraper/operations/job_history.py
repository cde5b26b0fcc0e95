"""All that is known of one job: its place and turn, its attempts, its end, and what was said about it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.target import Target
from huntaze_scraper.state.job_entry import State
from huntaze_scraper.state.keys import Kind, name_of
from huntaze_scraper.worker import results

ID_LENGTH = 64
_WHERE: Mapping[str, str] = {
    State.DEAD: "in the workflows DLQ, or replayed from it and on its way",
    State.UNCERTAIN: "over, and nobody knows whether it had its effect: look into the conversation",
}
_BEGINNING = re.compile(r"[0-9a-f]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Event:
    """A log line about the job."""

    at: datetime
    source: str
    line: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class JobHistory:
    """What is known; a part that is not there is empty."""

    job_id: str
    reservation: Mapping[str, Any] = field(default_factory=dict)
    """Its place in the limiter: account, number in the account's line, slot, when it was forwarded."""
    ledger: Mapping[str, Any] = field(default_factory=dict)
    """Its state at the scraper: attempts, failures, 429s, the mark of its outward effect, result key."""
    result_key: str = ""
    result: Mapping[str, Any] | None = None
    events: tuple[Event, ...] = ()
    """Limiter's decisions and scraper's lines, in order of time."""

    @property
    def account(self) -> str:
        """Whose job it is; empty before anybody has noted it."""
        return str(self.ledger.get("account") or self.reservation.get("account") or "")

    @property
    def where(self) -> str:
        """Say in a few words where the job is."""
        state = str(self.ledger.get("state", ""))
        if state:
            return _WHERE.get(state, f"scraper: {state}")
        if "forwarded_at" in self.reservation:
            return "on the workflows queue"
        return "waiting for its turn on the ingress queue" if self.reservation else "not known"


def find(target: Target, beginning: str, since: datetime) -> JobHistory:
    """Gather the history of the job whose id begins so, with log lines from that time on.

    Raises:
        TellOperator: no job, or several, begin so.
    """
    if not _BEGINNING.fullmatch(beginning):
        raise TellOperator(f"{beginning!r} is no job id, nor the beginning of one: these are hexadecimal")
    job_id = beginning if len(beginning) == ID_LENGTH else _complete(target, beginning)
    reservation = _moments(target.state.get(Kind.SLOT.key(job_id)), 1000)
    ledger = _moments(target.state.get(Kind.JOB.key(job_id)), 1)
    account = ledger.get("account") or reservation.get("account")
    key = str(ledger.get("result_key") or (results.key(str(account), job_id) if account else ""))
    groups = {"limiter": target.limiter_logs, "scraper": target.scraper_logs}
    events = [it for name, group in groups.items() for it in _events(target, name, group, job_id, since)]
    history = JobHistory(
        job_id=job_id,
        reservation=reservation,
        ledger=ledger,
        result_key=key,
        result=_result(target, key) if key else None,
        events=tuple(sorted(events, key=lambda it: it.at)),
    )
    if not (ledger or reservation or events):
        raise TellOperator(f"nothing is known of job {job_id[:12]}: it never reached the limiter, or long ago")
    return history


def _complete(target: Target, beginning: str) -> str:
    keys = target.state.find_keys(Kind.JOB.key(beginning), Kind.SLOT.key(beginning))
    found = {name_of(key) for key in keys}
    if not found:
        raise TellOperator(f"no job is known whose id begins with {beginning}")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:5])
        raise TellOperator(f"{len(found)} jobs begin with {beginning}: {some}")
    return found.pop()


def _moments(item: Mapping[str, Any], per_second: int) -> dict[str, Any]:
    """Write moments as ISO 8601, and leave out what is of no use to people."""
    return {
        name: datetime.fromtimestamp(float(value) / (1 if name == "expires_at" else per_second), UTC).isoformat()
        if name.endswith(("_at", "_until"))
        else value
        for name, value in item.items()
        if name not in ("pk", "lease")
    }


def _events(target: Target, source: str, group: str, job_id: str, since: datetime) -> Iterator[Event]:
    pages = target.clients.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern=f'"{job_id}"', startTime=int(since.timestamp() * 1000)
    )
    try:
        for page in pages:
            for event in page["events"]:
                line = _parse(event["message"])
                if line.get("job_id") == job_id:  # the pattern looks anywhere in the text
                    yield Event(at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC), source=source, line=line)
    except target.clients.logs.exceptions.ResourceNotFoundException:
        return


def _parse(text: str) -> Mapping[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def _result(target: Target, key: str) -> Mapping[str, Any] | None:
    try:
        answer = target.clients.s3.get_object(Bucket=target.results_bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise TellOperator(f"the result cannot be read: {error}") from error
    return dict(json.loads(answer["Body"].read()))
